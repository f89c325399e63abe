import type { FastifyError, FastifyReply, FastifyRequest, FastifySchemaValidationError } from 'fastify'
import type { ErrorCode } from '../../contract/errors.ts'
import { HubError, type FieldErrors } from '../platform/errors.ts'
import type { Log } from '../platform/log.ts'

const FASTIFY_CODES: Record<string, ErrorCode> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'payload_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
}

/** What PostgreSQL says to one of two who waited for each other, or changed the same. */
const ENDED_FOR_ANOTHER: ReadonlySet<string> = new Set(['40P01', '40001'])

/** `/customer/name` or a missing property → the field's name as the client wrote it. */
function fieldOf(problem: FastifySchemaValidationError): string {
  const { missingProperty, additionalProperty } = problem.params as Record<string, string | undefined>
  const path = problem.instancePath.split('/').slice(1)
  const last = missingProperty ?? additionalProperty
  return [...path, ...(last === undefined ? [] : [last])].join('.') || 'body'
}

function fieldErrors(problems: FastifySchemaValidationError[]): FieldErrors {
  const fields: FieldErrors = {}
  // A field that may be null fails both halves of its schema: the half that names the real fault is told.
  const telling = problems.filter(
    ({ keyword, params }) => keyword !== 'anyOf' && (params as { type?: unknown }).type !== 'null',
  )
  for (const problem of telling.length > 0 ? telling : problems) {
    const message =
      problem.keyword === 'additionalProperties'
        ? 'Unknown field.'
        : `This field ${problem.message ?? 'is not valid'}.`
    const list = (fields[fieldOf(problem)] ??= [])
    if (!list.includes(message)) list.push(message)
  }
  return fields
}

/** 422 for what a schema does not allow, by field. */
export function refusedFields(problems: FastifySchemaValidationError[], cause?: unknown): HubError {
  const fields = fieldErrors(problems)
  const [field, messages] = Object.entries(fields)[0] ?? ['body', ['is not valid']]
  return new HubError('validation_failed', `${field}: ${messages[0]}`, { cause, fields })
}

/** Any error as the family that clients are told about; null for one they must not see. */
export function asKnownError(error: FastifyError | HubError): HubError | null {
  if (error instanceof HubError) return error
  if (error.validation) return refusedFields(error.validation, error)
  // Its own message repeats the path, which may hold a caller's number.
  if (error.code === 'FST_ERR_BAD_URL')
    return new HubError('bad_request', 'The URL cannot be read.', { cause: null })
  const code = FASTIFY_CODES[error.code]
  if (code) return new HubError(code, error.message, { cause: error })
  if (error.name === 'BindingError')
    return new HubError('bad_request', `Not storable: ${error.message}`, { cause: error })
  if (ENDED_FOR_ANOTHER.has(error.code))
    return new HubError(
      'store_unavailable',
      'The store ended this write for the sake of another one: nothing was written. Send it again.',
      { cause: error },
    )
  const status = error.statusCode ?? 500
  if (status >= 400 && status < 500) return new HubError('bad_request', error.message, { cause: error })
  return null
}

/** The headers that go with an error. */
export function tellClient(reply: FastifyReply, { code }: HubError): void {
  if (code === 'too_many_failures') reply.header('retry-after', '60')
  if (code === 'request_in_progress') reply.header('retry-after', '1')
  if (code === 'unauthenticated') reply.header('www-authenticate', 'Bearer')
}

/** The error handler of `/api/v1` and of everything that has no manners of its own. */
export function errorHandler(log: Log) {
  return (error: FastifyError | HubError, request: FastifyRequest, reply: FastifyReply): void => {
    const known = asKnownError(error)
    if (!known || known.status >= 500) {
      log.error('request failed', { error, request_id: request.id, route: request.routeOptions.url })
    }
    if (!known) {
      void reply
        .code(500)
        .send({ message: 'Something went wrong on our side.', code: 'internal', request_id: request.id })
      return
    }
    tellClient(reply, known)
    const { message, code, status, fields } = known
    void reply
      .code(status)
      .send(fields ? { message, errors: fields, code } : { message, code, request_id: request.id })
  }
}
