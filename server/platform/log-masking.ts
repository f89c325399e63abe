const LONGEST_CAUSE_CHAIN = 5

const SECRET_KEYS = new Set([
  'authorization',
  'cookie',
  'setcookie',
  'secret',
  'password',
  'token',
  'apikey',
  'xapikey',
])
const SECRET_ENDINGS = /(token|password|secret|apikey|secretkey)$/
const NUMBER_KEYS = new Set(
  'number phone phonenumber telephone mobile caller callernumber callerid called callednumber cid did dnid e164'.split(
    ' ',
  ),
)

const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i
const OWN_TOKEN = /\bcb[si]?_[\w-]{20,}|\bcbl_[\w.-]{20,}|\bcb_[\w-]+/g
const TOKEN_PARAMETER = /\b((?:access_|refresh_|api_)?token|api_?key|password|secret)=[^\s&#"'<>]*/gi
const BEARER = /\b(bearer|basic)\s+[\w.~+/=-]+/gi
const URL_PASSWORD = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/?#@]*):[^\s/?#]*@/gi

/** Digits with at most three separators between two of them, also as a URL writes them. */
const DIGIT_RUN = /\+?\(?\d(?:(?:[\s().+/\u00a0-]|%2[0-9a-f]){0,3}\d){6,}/gi
const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/
const ISO_DATE = /^(?:19|20)\d\d-[01]\d-[0-3]\d(?: \d\d)?$/

/**
 * A phone number for a log: at most its first three and last two characters, and never more than half of it.
 * Text shorter than six characters is masked wholly. `+33612345662` → `+33*******62`.
 */
export function maskNumber(text: string): string {
  if (text.length < 6) return '*'.repeat(text.length)
  const head = Math.min(3, Math.floor(text.length / 2) - 2)
  return text.slice(0, head) + '*'.repeat(text.length - head - 2) + text.slice(-2)
}

/** Text without our tokens, passwords in URLs, secret parameters and anything that may be a phone number. */
export function scrubText(text: string): string {
  return text
    .replace(OWN_TOKEN, 'cb_***')
    .replace(TOKEN_PARAMETER, '$1=***')
    .replace(BEARER, '$1 ***')
    .replace(URL_PASSWORD, '$1:***@')
    .replace(DIGIT_RUN, (run) => (IPV4.test(run) || ISO_DATE.test(run) ? run : maskNumber(run)))
}

/** A copy fit for the log: secrets gone by the name of their field, numbers masked, every text scrubbed, at any depth. */
export function scrubFields(fields: Record<string, unknown>): Record<string, unknown> {
  return scrubObject(fields, [])
}

function scrubObject(value: object, above: readonly object[]): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, scrubField(key, inner, [...above, value])]),
  )
}

/** Whether a field of that name holds a secret. */
export function namesSecret(key: string): boolean {
  const name = key.toLowerCase().replace(/[_-]/g, '')
  return SECRET_KEYS.has(name) || SECRET_ENDINGS.test(name)
}

function scrubField(key: string, value: unknown, above: readonly object[]): unknown {
  const name = key.toLowerCase().replace(/[_-]/g, '')
  if (value === null || value === undefined) return value
  if (namesSecret(key)) return '***'
  const isPlain = typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint'
  if (NUMBER_KEYS.has(name) && isPlain) return maskNumber(String(value))
  return scrubValue(value, above, NUMBER_KEYS.has(name) ? key : '')
}

/** `key` is the name an element of a list goes by: a list of numbers is masked as each of them would be. */
function scrubValue(value: unknown, above: readonly object[], key = ''): unknown {
  if (typeof value === 'string') return UUID.test(value) ? value : scrubText(value)
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null) return value
  if (above.includes(value)) return '(circular)'
  if (value instanceof Error) return scrubError(value)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (value instanceof URL) return scrubText(value.href)
  if (ArrayBuffer.isView(value)) return `(${value.byteLength} bytes)`
  if (Array.isArray(value)) return value.map((item: unknown) => scrubField(key, item, [...above, value]))
  return scrubObject(value, above)
}

/** Name, code, message and stack of an error and of its causes. Its other fields may hold anything and stay out. */
export function scrubError(error: unknown, depth = 1): unknown {
  if (!(error instanceof Error)) return scrubValue(error, [])
  const code: unknown = 'code' in error ? error.code : undefined
  const hasCause = error.cause !== undefined && error.cause !== null && depth < LONGEST_CAUSE_CHAIN
  return {
    name: error.name,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    message: scrubText(error.message),
    stack: error.stack === undefined ? undefined : scrubStack(error),
    ...(error instanceof AggregateError && depth < LONGEST_CAUSE_CHAIN
      ? { errors: error.errors.map((one: unknown) => scrubError(one, depth + 1)) }
      : {}),
    ...(hasCause ? { cause: scrubError(error.cause, depth + 1) } : {}),
  }
}

/** Where it happened; the message in front of it stands in a field of its own. */
function scrubStack(error: Error): string {
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  return scrubText(frames.map((line) => line.trim()).join('\n'))
}
