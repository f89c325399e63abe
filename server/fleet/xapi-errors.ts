import type { ErrorCode } from '../../contract/errors.ts'
import { isXapiError, type Problem, type XapiError, type XapiErrorKind } from '../../xapi/xapi.ts'
import { HubError, type FieldErrors } from '../platform/errors.ts'

const CODES: Readonly<Record<XapiErrorKind, ErrorCode>> = {
  authentication: 'pbx_credentials_refused',
  permission: 'pbx_forbidden',
  not_found: 'pbx_refused',
  validation: 'pbx_refused',
  conflict: 'pbx_refused',
  rate: 'pbx_busy',
  network: 'pbx_unreachable',
  timeout: 'pbx_timeout',
  server: 'pbx_failed',
  description: 'pbx_failed',
  unsupported: 'pbx_operation_unknown',
  closed: 'pbx_unreachable',
}

/** What to do about it, where the message of the client does not say. */
const ADVICE: Partial<Record<ErrorCode, string>> = {
  pbx_forbidden:
    'Look at the role of the API client in the console of the PBX (Integrations, API) and at the licence of the PBX.',
  pbx_credentials_refused: 'Look at xapi_client_id and xapi_client_secret of the host.',
}

/** What went wrong at a PBX, in the hub's words: `pbx_…` codes, fields by path. Any other error is answered as it is. */
export function asPbxError(error: unknown): unknown {
  if (!isXapiError(error)) return error
  // Refused by the PBX's own description: nothing was sent.
  const isOurs = error.kind === 'validation' && error.reason === 'input'
  const code = isOurs ? 'validation_failed' : codeOf(error)
  const fields = fieldsOf(error.problems)
  return new HubError(code, wordsOf(error, code), {
    cause: error,
    ...(Object.keys(fields).length > 0 ? { fields } : {}),
  })
}

function codeOf({ kind, reason }: XapiError): ErrorCode {
  return reason === 'not_allowed' ? 'pbx_address_refused' : CODES[kind]
}

function wordsOf(error: XapiError, code: ErrorCode): string {
  if (error.kind === 'closed') return 'The settings of the host were changed meanwhile: ask again.'
  const message = /[.!?]$/.test(error.message) ? error.message : `${error.message}.`
  const [first] = error.problems
  const shown = error.fingerprint === null ? null : `It showed the certificate ${error.fingerprint}.`
  const advice = ADVICE[code] ?? first?.advice ?? null
  return [message, saysMore(message, advice) ? advice : null, shown].filter((words) => words).join(' ')
}

/** What is refused before it is sent has its advice in the message already. */
const saysMore = (message: string, advice: string | null): advice is string =>
  advice !== null && !message.toLowerCase().includes(advice.toLowerCase())

function fieldsOf(problems: readonly Problem[]): FieldErrors {
  const fields: FieldErrors = {}
  for (const { field, message, advice } of problems) {
    if (field === null) continue
    const list = (fields[field] ??= [])
    list.push(saysMore(message, advice) ? `${message}. ${advice}` : message)
  }
  return fields
}

const PASSING: ReadonlySet<ErrorCode> = new Set([
  'pbx_unreachable',
  'pbx_timeout',
  'pbx_busy',
  'pbx_failed',
  'store_unavailable',
  'store_full',
])

/** Whether trying again later may do better. What is no error of ours may. */
export const isPassing = (error: unknown): boolean => !(error instanceof HubError) || PASSING.has(error.code)
