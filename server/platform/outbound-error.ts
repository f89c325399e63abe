/** Why an outbound request came to nothing. Stable: callers branch on it. */
export type OutboundReason =
  | 'refused_address'
  | 'timeout'
  | 'too_large'
  | 'network'
  | 'bad_url'
  | 'too_many_redirects'

/** An outbound request that brought no answer. The message names the host, never the path, the query or a credential. */
export class OutboundError extends Error {
  override readonly name = 'OutboundError'
  readonly reason: OutboundReason

  constructor(reason: OutboundReason, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.reason = reason
  }
}
