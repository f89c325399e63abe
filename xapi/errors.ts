/**
 * What went wrong, as a caller can act on it:
 * - `authentication` the PBX refuses the client id, the secret or the token
 * - `permission` the role or the licence of the API client does not allow it
 * - `not_found` no such entity, file or address
 * - `validation` a field is wrong; `status` is null when it was refused before anything was sent
 * - `conflict` the name or number is taken, or the entity changed meanwhile
 * - `rate` too many requests, and the PBX stayed at it longer than we wait
 * - `network` no connection; `reason` says why: `dns`, `refused`, `unreachable`, `reset`, `tls_expired`, `tls_self_signed`, …
 * - `timeout` a deadline passed; `reason` is `connect`, `head` or `body`
 * - `server` the PBX failed, or answered what nobody can read
 * - `unsupported` this PBX has no such operation
 * - `description` the PBX's description of its API cannot be read
 * - `closed` the client was closed
 */
export type XapiErrorKind =
  | 'authentication'
  | 'permission'
  | 'not_found'
  | 'validation'
  | 'conflict'
  | 'rate'
  | 'network'
  | 'timeout'
  | 'server'
  | 'unsupported'
  | 'description'
  | 'closed'

/** One thing that is wrong with one field. */
export type Problem = {
  /** Where, by path: `body.OfficeHoursDestination.To`, `Id`, `$top`; null when the PBX does not say. */
  field: string | null
  /** A stable symbol: the PBX's own `WARNINGS.…` without that word, or ours such as `unknown_field`. */
  code: string
  message: string
  /** What to do about it, when something is known. */
  advice: string | null
}

export type XapiErrorDetails = {
  status?: number | null
  operation?: string | null
  reason?: string | null
  problems?: readonly Problem[]
  retryAfterMs?: number | null
  fingerprint?: string | null
  isUncertain?: boolean
}

/** Every error this client throws, but for the reason of an AbortSignal. Holds no secret and no token. */
export class XapiError extends Error {
  override readonly name = 'XapiError'
  readonly kind: XapiErrorKind
  /** HTTP status of the PBX's answer; null when there was none. */
  readonly status: number | null
  /** The operation that was called. */
  readonly operation: string | null
  /** A finer symbol within the kind. */
  readonly reason: string | null
  readonly problems: readonly Problem[]
  /** How long the PBX asked to wait. */
  readonly retryAfterMs: number | null
  /** SHA-256 of the certificate the PBX showed, when that certificate is the problem: what one would pin. */
  readonly fingerprint: string | null
  /** A change was sent and no answer came: it may have been carried out. It was not repeated. */
  readonly isUncertain: boolean

  constructor(kind: XapiErrorKind, message: string, details: XapiErrorDetails = {}) {
    super(message)
    this.kind = kind
    this.status = details.status ?? null
    this.operation = details.operation ?? null
    this.reason = details.reason ?? null
    this.problems = details.problems ?? []
    this.retryAfterMs = details.retryAfterMs ?? null
    this.fingerprint = details.fingerprint ?? null
    this.isUncertain = details.isUncertain ?? false
  }
}

/** Whether something thrown is one of our errors, of this kind if one is named. */
export function isXapiError(error: unknown, kind?: XapiErrorKind): error is XapiError {
  return error instanceof XapiError && (kind === undefined || error.kind === kind)
}

/** The error of an input that was refused before sending. The first problem leads the message. */
export function inputError(operation: string, problems: readonly Problem[]): XapiError {
  const [first] = problems
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''
  return new XapiError(
    'validation',
    `${operation}: ${first?.field ?? 'input'}: ${first?.message ?? 'wrong'}${more}`,
    {
      operation,
      problems,
      reason: 'input',
    },
  )
}
