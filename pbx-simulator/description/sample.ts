import type { Row } from '../model/pbx.ts'
import type { Description, Schema } from './read.ts'

const DEEPEST = 4

/** Every property a schema has, its own and those of the parts it is made of. */
export function propertiesOf(description: Description, schema: Schema): Record<string, Schema> {
  const resolved = description.resolve(schema)
  const parts = [...(resolved.allOf ?? []), ...(resolved.anyOf ?? []), ...(resolved.oneOf ?? [])]
  return Object.assign(
    {},
    ...parts.map((part) => propertiesOf(description, part)),
    resolved.properties,
  ) as Record<string, Schema>
}

/** A value that is valid against a schema, and as plain as possible. */
export function sampleOf(description: Description, schema: Schema, now: string, depth = 0): unknown {
  const resolved = description.resolve(schema)
  if (resolved.enum) return resolved.enum[0] ?? null
  const one = resolved.anyOf ?? resolved.oneOf
  if (one?.[0]) return sampleOf(description, one[0], now, depth)
  const properties = propertiesOf(description, resolved)
  if (Object.keys(properties).length > 0) {
    if (depth >= DEEPEST) return resolved.nullable ? null : {}
    const row: Row = {}
    for (const [name, inner] of Object.entries(properties))
      row[name] = sampleOf(description, inner, now, depth + 1)
    return row
  }
  switch (resolved.type) {
    case 'array':
      return []
    case 'boolean':
      return false
    case 'integer':
    case 'number':
      return Math.min(resolved.maximum ?? Number.MAX_SAFE_INTEGER, Math.max(0, resolved.minimum ?? 0))
    case 'string':
      return textOf(resolved, now)
    case undefined:
    default:
      return {}
  }
}

function textOf({ format }: Schema, now: string): string {
  switch (format) {
    case 'date-time':
      return now
    case 'date':
      return now.slice(0, 10)
    case 'time':
      return '00:00:00'
    case 'duration':
      return 'PT0S'
    case 'uuid':
      return '00000000-0000-4000-8000-000000000000'
    case undefined:
    default:
      return ''
  }
}

/** The first thing in a body that does not fit its schema, as the name of the field; null when all fits. */
export function bodyMisfit(
  description: Description,
  schema: Schema,
  body: unknown,
  path = '',
): string | null {
  const resolved = description.resolve(schema)
  if (body === null || body === undefined) return null
  if (resolved.enum) return isWord(resolved.enum, body) ? null : path
  const choices = resolved.anyOf ?? resolved.oneOf
  if (choices) {
    const misfits = choices.map((choice) => bodyMisfit(description, choice, body, path))
    return misfits.includes(null) ? null : (misfits[0] ?? null)
  }
  const properties = propertiesOf(description, resolved)
  if (Object.keys(properties).length > 0 || resolved.type === 'object') {
    if (typeof body !== 'object' || Array.isArray(body)) return path
    for (const [name, value] of Object.entries(body)) {
      const inner = properties[name]
      if (!inner) continue
      const problem = bodyMisfit(description, inner, value, path === '' ? name : `${path}.${name}`)
      if (problem !== null) return problem
    }
    return null
  }
  return fits(description, resolved, body, path)
}

const isWord = (words: readonly unknown[], value: unknown): boolean =>
  words.includes(value) ||
  (typeof value === 'string' && value.split(/,\s*/).every((word) => words.includes(word)))

function fits(description: Description, schema: Schema, value: unknown, path: string): string | null {
  switch (schema.type) {
    case 'array':
      if (!Array.isArray(value)) return path
      return (
        value
          .map((item, index) =>
            schema.items ? bodyMisfit(description, schema.items, item, `${path}[${index}]`) : null,
          )
          .find((problem) => problem !== null) ?? null
      )
    case 'boolean':
      return typeof value === 'boolean' ? null : path
    case 'integer':
      return Number.isInteger(value) ? null : path
    case 'number':
      return typeof value === 'number' ? null : path
    case 'string':
      return typeof value === 'string' ? null : path
    case undefined:
    default:
      return null
  }
}
