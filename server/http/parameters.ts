import { parse } from 'node:querystring'

/** Parameters by their names in lower case. */
export type Parameters = ReadonlyMap<string, string>

/** The text of a value, of a list that of its first one, however deep lists lie in lists; of anything else nothing. */
export function asText(value: unknown): string {
  let inner = value
  while (Array.isArray(inner)) inner = inner[0] as unknown
  if (typeof inner === 'string') return inner
  return typeof inner === 'number' || typeof inner === 'boolean' ? String(inner) : ''
}

function collect(into: Map<string, string>, source: unknown): void {
  if (source === null || typeof source !== 'object') return
  const object = Array.isArray(source) ? source[0] : source
  if (object === null || typeof object !== 'object') return
  for (const name of Object.keys(object)) {
    into.set(name.trim().toLowerCase(), asText((object as Record<string, unknown>)[name]))
  }
}

/** Parameters of the query and of the body, names trimmed and folded to lower case; the body wins. */
export function readParameters(query: unknown, body: unknown): Parameters {
  const parameters = new Map<string, string>()
  collect(parameters, query)
  if (body !== undefined) collect(parameters, body)
  return parameters
}

/** JSON or a form, whatever the content type says; a body that is neither has no parameters, and is no error. */
export function bodyParameters(body: string): unknown {
  const text = body.trim()
  if (!/^[{[]/.test(text)) return text.includes('=') ? parse(text) : {}
  try {
    return JSON.parse(text) as unknown
  } catch {
    return {}
  }
}

/** The first of these names that is there; null when none is. */
export function firstOf(parameters: Parameters, names: readonly string[]): string | null {
  for (const name of names) {
    const value = parameters.get(name)
    if (value !== undefined) return value
  }
  return null
}

/** `1`, `true`, `yes` and `on` switch an option on; anything else leaves it off. */
export function isOn(parameters: Parameters, name: string): boolean {
  const value = parameters.get(name)
  return value !== undefined && /^(1|true|yes|on)$/i.test(value)
}
