import { XapiError, type XapiErrorKind } from './errors.ts'

const REASONS: Readonly<Record<string, readonly [XapiErrorKind, string, string]>> = {
  ENOTFOUND: ['network', 'dns', 'the name is not known'],
  EACCES: ['network', 'not_allowed', 'its address may not be connected to'],
  EAI_AGAIN: ['network', 'dns', 'the name could not be looked up just now'],
  ECONNREFUSED: ['network', 'refused', 'nothing listens there'],
  EHOSTUNREACH: ['network', 'unreachable', 'there is no route to it'],
  ENETUNREACH: ['network', 'unreachable', 'there is no route to its network'],
  ECONNRESET: ['network', 'reset', 'the connection was cut'],
  ECONNABORTED: ['network', 'reset', 'the connection was cut'],
  EPIPE: ['network', 'reset', 'the connection was cut'],
  UND_ERR_SOCKET: ['network', 'reset', 'the connection was cut'],
  HPE_INVALID_CONSTANT: ['network', 'protocol', 'what answers does not speak HTTP'],
  ETIMEDOUT: ['timeout', 'connect', 'connecting took too long'],
  UND_ERR_CONNECT_TIMEOUT: ['timeout', 'connect', 'connecting took too long'],
  CERT_HAS_EXPIRED: ['network', 'tls_expired', 'its certificate has expired'],
  CERT_NOT_YET_VALID: ['network', 'tls_not_yet_valid', 'its certificate is not valid yet'],
  DEPTH_ZERO_SELF_SIGNED_CERT: ['network', 'tls_self_signed', 'its certificate is self-signed'],
  SELF_SIGNED_CERT_IN_CHAIN: ['network', 'tls_self_signed', 'a certificate of its chain is self-signed'],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ['network', 'tls_untrusted', 'nobody trusted vouches for its certificate'],
  UNABLE_TO_GET_ISSUER_CERT: ['network', 'tls_untrusted', 'nobody trusted vouches for its certificate'],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: [
    'network',
    'tls_untrusted',
    'nobody trusted vouches for its certificate',
  ],
  ERR_TLS_CERT_ALTNAME_INVALID: ['network', 'tls_name', 'its certificate is for another name'],
  CERT_REVOKED: ['network', 'tls_revoked', 'its certificate was revoked'],
}

/** The error of a connection that failed, told in words that name no path, header or secret. */
export function networkError(
  error: unknown,
  place: string,
  operation: string | null,
  isUncertain = false,
): XapiError {
  if (error instanceof XapiError) return error
  const code = codeOf(error)
  const [kind, reason, words] = REASONS[code] ?? unknownReason(code)
  return new XapiError(kind, `${place}: ${words}${code === '' ? '' : ` (${code})`}`, {
    reason,
    operation,
    isUncertain,
  })
}

/** Whether a kept-alive connection was found cut, so that an idempotent request may go again. */
export function isCut(error: unknown): boolean {
  return ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'].includes(codeOf(error))
}

/** The error of a certificate that was refused, with its fingerprint for those who want to pin it. */
export function certificateError(code: string, place: string, fingerprint: string | null): XapiError {
  const [, reason, words] = REASONS[code] ?? ['network', 'tls', 'its certificate is refused']
  return new XapiError('network', `${place}: ${words} (${code})`, { reason, fingerprint })
}

function unknownReason(code: string): readonly [XapiErrorKind, string, string] {
  if (code === 'EPROTO' || /^ERR_SSL|^ERR_TLS/.test(code)) {
    return ['network', 'tls_protocol', 'it does not speak TLS as expected; is the port one for plain HTTP?']
  }
  if (code.startsWith('HPE_')) return ['network', 'protocol', 'what answers does not speak HTTP']
  return ['network', 'failed', 'the connection failed']
}

function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0])
  if (!(error instanceof Error)) return ''
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  return code === '' && error.cause instanceof Error ? codeOf(error.cause) : code
}
