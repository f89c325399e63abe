/** A request the simulator got, as tests look at it. Secrets and tokens are left out. */
export type RecordedRequest = {
  at: number
  method: string
  path: string
  query: string
  body: unknown
  headers: Readonly<Record<string, string>>
  clientId: string | null
  /** Null while it is being answered, and when no answer was given. */
  status: number | null
}

const MOST_KEPT = 5000
const HIDDEN_HEADERS = new Set(['authorization', 'cookie'])
const HIDDEN_FIELDS = /secret|password|token/i

export type RequestRecord = {
  list: () => readonly RecordedRequest[]
  add: (request: RecordedRequest) => void
  clear: () => void
}

export function openRequestRecord(): RequestRecord {
  let kept: RecordedRequest[] = []
  return {
    list: () => kept,
    add: (request) => {
      kept.push(request)
      if (kept.length > MOST_KEPT) kept.shift()
    },
    clear: () => {
      kept = []
    },
  }
}

/** A body without the values of fields that look like secrets. */
export function withoutSecrets(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null || depth > 6) return value
  if (Array.isArray(value)) return value.map((item) => withoutSecrets(item, depth + 1))
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      HIDDEN_FIELDS.test(name) && typeof inner === 'string' ? '(hidden)' : withoutSecrets(inner, depth + 1),
    ]),
  )
}

export const headersOf = (
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => !HIDDEN_HEADERS.has(name))
      .map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]),
  )
