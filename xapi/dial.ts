import { connect as connectPlain, isIP, type LookupFunction, type Socket } from 'node:net'
import { connect as connectSecure, type TLSSocket } from 'node:tls'
import { XapiError } from './errors.ts'
import { certificateError, networkError } from './network-error.ts'

/**
 * How a PBX proves who it is: `verify` by a certificate the system (or `ca`, in PEM) trusts for its name; a pinned
 * SHA-256 fingerprint of its certificate (hex, colons or not; several while it is being replaced); or `skip`, not at all.
 */
export type TlsPolicy = 'verify' | 'skip' | { fingerprint: string | readonly string[] } | { ca: string }

export type DialTarget = {
  host: string
  port: number
  secure: boolean
  tls: TlsPolicy
  timeoutMs: number
  /** Looks names up instead of the system, for those who restrict where a connection may lead. */
  lookup: LookupFunction | null
}

/**
 * Opens a connection and answers it once the other side has proved itself: nothing is written before. The checks of
 * Node's TLS run in any case; their verdict is read here, so that a refusal can tell the fingerprint it saw.
 */
export function dial(target: DialTarget): Promise<Socket> {
  const { host, port, secure, tls, timeoutMs, lookup } = target
  const place = `${host}:${port}`
  return new Promise((resolve, reject) => {
    const settings = { host, port, noDelay: true, ...(lookup === null ? {} : { lookup }) }
    const socket = secure
      ? connectSecure({
          ...settings,
          rejectUnauthorized: false,
          ALPNProtocols: ['http/1.1'],
          ...(isIP(host) === 0 ? { servername: host } : {}),
          ...(typeof tls === 'object' && 'ca' in tls ? { ca: tls.ca } : {}),
        })
      : connectPlain(settings)
    const timer = setTimeout(() => {
      fail(
        new XapiError('timeout', `${place}: connecting took longer than ${timeoutMs} ms`, {
          reason: 'connect',
        }),
      )
    }, timeoutMs)
    const fail = (error: unknown) => {
      clearTimeout(timer)
      socket.destroy()
      reject(networkError(error, place, null))
    }
    socket.once('error', fail)
    socket.once('close', () => fail(Object.assign(new Error('closed'), { code: 'ECONNRESET' })))
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      const refusal = secure ? refusalOf(socket as TLSSocket, tls, place) : null
      if (refusal !== null) return fail(refusal)
      clearTimeout(timer)
      socket.off('error', fail).removeAllListeners('close').on('error', ignore)
      resolve(socket)
    })
  })
}

/** Whoever takes the socket over listens a moment later. */
function ignore() {}

function refusalOf(socket: TLSSocket, tls: TlsPolicy, place: string): XapiError | null {
  if (tls === 'skip') return null
  const fingerprint = socket.getPeerCertificate().fingerprint256 ?? null
  if (typeof tls === 'object' && 'fingerprint' in tls) {
    const pinned = [tls.fingerprint].flat().map(plainHex)
    if (fingerprint !== null && pinned.includes(plainHex(fingerprint))) return null
    return new XapiError('network', `${place}: its certificate is not the pinned one`, {
      reason: 'tls_pin',
      fingerprint,
    })
  }
  if (socket.authorized) return null
  const verdict: unknown = socket.authorizationError
  const code = verdict instanceof Error && 'code' in verdict ? String(verdict.code) : String(verdict)
  return certificateError(code, place, fingerprint)
}

function plainHex(fingerprint: string): string {
  return fingerprint.replaceAll(/[^0-9a-f]/gi, '').toLowerCase()
}
