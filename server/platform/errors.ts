import { ERRORS, type ErrorCode } from '../../contract/errors.ts'

/** Field name → what is wrong with it, in the words shown to a person. */
export type FieldErrors = Record<string, string[]>

/** The one error family of the hub: a stable code, its HTTP status, and the cause for the log. */
export class HubError extends Error {
  override readonly name = 'HubError'
  readonly code: ErrorCode
  readonly status: number
  readonly fields: FieldErrors | undefined

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; fields?: FieldErrors } = {}) {
    super(message, { cause: options.cause })
    this.code = code
    this.status = ERRORS[code]
    this.fields = options.fields
  }
}

/** 422 with one message per field. The first one also becomes the message. */
export function invalid(fields: FieldErrors): HubError {
  const first = Object.entries(fields)[0]
  const message = first ? `${first[0]}: ${first[1][0]}` : 'The given data was invalid.'
  return new HubError('validation_failed', message, { fields })
}

export function notFound(what: string): HubError {
  return new HubError('not_found', `${what} not found`)
}
