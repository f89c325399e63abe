import { lookup as resolveName } from 'node:dns'
import { lookup } from 'node:dns/promises'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import type { Capability } from '../../contract/pbx3cx-hosts.ts'
import { guardedLookup, refused } from '../platform/guarded-lookup.ts'
import { OutboundError, type HttpClient } from '../platform/http-client.ts'
import { mayReach, type AllowPrivate } from '../platform/outbound-rules.ts'
import { fingerprintOf, judgeCertificate, type TlsTrust } from '../platform/tls-trust.ts'

/** How long one probe may take. */
const PATIENCE_MS = 5_000
const LONGEST_BANNER = 255

export type Place = { name: string; port: number }

export const able = (found: string | null): Capability => ({ able: true, reason: null, found })
export const unable = (reason: string, found: string | null = null): Capability => ({
  able: false,
  reason,
  found,
})
export const untested = (reason: string): Capability => ({ able: null, reason, found: null })

/** What is said of errors that people meet; others are named by their code. */
const WORDS: Record<string, string> = {
  ENOTFOUND: 'The name is not known to the name servers.',
  EAI_AGAIN: 'The name servers do not answer.',
  ECONNREFUSED: 'Nothing listens on that port.',
  ECONNRESET: 'The other side closed the connection.',
  EHOSTUNREACH: 'There is no way to that address.',
  ENETUNREACH: 'There is no way to that network.',
  ETIMEDOUT: 'It did not answer in time.',
  CERT_HAS_EXPIRED: 'The certificate has expired.',
  CERT_NOT_PINNED: 'The certificate is not the pinned one: it was renewed, or somebody stands in between.',
  DEPTH_ZERO_SELF_SIGNED_CERT:
    'The certificate is signed by itself: pin its fingerprint, or install a public one.',
  SELF_SIGNED_CERT_IN_CHAIN: 'The certificate is signed by an authority of its own: pin its fingerprint.',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'The certificate does not come with those it was signed by.',
  ERR_TLS_CERT_ALTNAME_INVALID: 'The certificate is for another name.',
  EPROTO: 'The port does not speak TLS.',
  ERR_SSL_WRONG_VERSION_NUMBER: 'The port does not speak TLS.',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'The port does not speak TLS.',
}

export function wordsOf(error: unknown): string {
  if (error instanceof OutboundError && error.reason === 'refused_address') return `${error.message}.`
  const cause = error instanceof OutboundError ? error.cause : error
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : null
  if (code !== null) return WORDS[code] ?? `It failed with ${code}.`
  if (error instanceof OutboundError && error.reason === 'timeout') return 'It did not answer in time.'
  return error instanceof OutboundError ? `${error.message}.` : 'It failed.'
}

/** Addresses of a name, or the address itself. */
export async function probeDns(name: string): Promise<Capability> {
  if (isIP(name) !== 0) return able(name)
  try {
    const found = await lookup(name, { all: true })
    return able(found.map(({ address }) => address).join(', '))
  } catch (error) {
    return unable(wordsOf(error))
  }
}

/** An open connection to a place that may be reached; `open` says how. Ends with the probe. */
async function reach<Open extends Socket, Found>(
  { name, port }: Place,
  allowed: AllowPrivate,
  open: (options: { host: string; port: number; lookup: ReturnType<typeof guardedLookup> }) => Open,
  look: (socket: Open, settle: (found: Found) => void) => void,
): Promise<Found> {
  if (isIP(name) !== 0 && !mayReach(allowed, { name, port, address: name })) throw refused(`${name}:${port}`)
  const { promise, resolve, reject } = Promise.withResolvers<Found>()
  const socket = open({ host: name, port, lookup: guardedLookup(resolveName, allowed, port) })
  socket.setTimeout(PATIENCE_MS, () => reject(Object.assign(new Error('silence'), { code: 'ETIMEDOUT' })))
  const deadline = setTimeout(
    () => reject(Object.assign(new Error('too late'), { code: 'ETIMEDOUT' })),
    2 * PATIENCE_MS,
  )
  socket.on('error', reject)
  socket.once('close', () => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' })))
  look(socket, resolve)
  return promise.finally(() => {
    clearTimeout(deadline)
    socket.destroy()
  })
}

/** Whether TLS comes about and the certificate passes; either way its fingerprint, for whoever wants to pin it. */
export async function probeTls(place: Place, trust: TlsTrust, allowed: AllowPrivate): Promise<Capability> {
  const { name } = place
  const open = (options: { host: string; port: number }): TLSSocket =>
    connectTls({ ...options, rejectUnauthorized: false, ...(isIP(name) === 0 ? { servername: name } : {}) })
  try {
    return await reach<TLSSocket, Capability>(place, allowed, open, (socket, settle) =>
      socket.once('secureConnect', () => {
        const shown = `sha256 ${fingerprintOf(socket)}, valid to ${socket.getPeerCertificate().valid_to}`
        const fault =
          trust.mode === 'verify' && !socket.authorized
            ? socket.authorizationError
            : judgeCertificate(socket, trust)
        const code = fault instanceof Error && 'code' in fault ? String(fault.code) : String(fault)
        settle(fault ? unable(WORDS[code] ?? `The certificate is refused: ${code}.`, shown) : able(shown))
      }),
    )
  } catch (error) {
    return unable(wordsOf(error))
  }
}

/** Whether a web server answers, whatever it answers. */
export async function probeHttp(http: HttpClient, base: URL): Promise<Capability> {
  try {
    const { status } = await http.request(base, { timeoutMs: PATIENCE_MS, maxBytes: 1024 * 1024 })
    return able(`status ${status}`)
  } catch (error) {
    return unable(wordsOf(error))
  }
}

/** Whether an SSH server greets. Nothing is said to it. */
export async function probeSsh(place: Place, allowed: AllowPrivate): Promise<Capability> {
  try {
    const greeting = await reach<Socket, string>(place, allowed, connectTcp, (socket, settle) => {
      let text = ''
      socket.on('data', (chunk) => {
        text += chunk.toString('latin1')
        if (text.includes('\n') || text.length >= LONGEST_BANNER) settle(text.split('\n')[0] ?? '')
      })
    })
    const banner = greeting.replace(/[^ -~]/g, '').slice(0, LONGEST_BANNER)
    return banner.startsWith('SSH-')
      ? able(banner)
      : unable('Something else than an SSH server answers there.')
  } catch (error) {
    return unable(wordsOf(error))
  }
}
