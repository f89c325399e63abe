import type { TLSSocket } from 'node:tls'

/**
 * How the certificate of another host is judged: by the public authorities, by its SHA-256 fingerprint alone (64 lower
 * case hexadecimal digits), or not at all.
 */
export type TlsTrust = { mode: 'verify' } | { mode: 'pinned'; fingerprint: string } | { mode: 'skip' }

export const VERIFY: TlsTrust = { mode: 'verify' }

/** A certificate other than the pinned one. */
export class WrongCertificate extends Error {
  override readonly name = 'WrongCertificate'
  readonly code = 'CERT_NOT_PINNED'
}

/** What TLS itself is told: with a pin, the fingerprint is looked at instead of who signed. */
export const tlsOptionsOf = (trust: TlsTrust): { rejectUnauthorized?: false } =>
  trust.mode === 'verify' ? {} : { rejectUnauthorized: false }

/** SHA-256 of the other side's certificate, 64 lower case hexadecimal digits; empty when it showed none. */
export const fingerprintOf = (socket: TLSSocket): string =>
  (socket.getPeerCertificate().fingerprint256 ?? '').replaceAll(':', '').toLowerCase()

/** What is wrong with the certificate of a connection that TLS has let through; null = nothing. */
export function judgeCertificate(socket: TLSSocket, trust: TlsTrust): Error | null {
  if (trust.mode !== 'pinned' || fingerprintOf(socket) === trust.fingerprint) return null
  return new WrongCertificate('The certificate is not the pinned one')
}
