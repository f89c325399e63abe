import type { FlatSchema } from './flat-schema.ts'
import { BARE_FORMATS } from './formats.ts'

/**
 * A value as OData writes it inside parentheses, percent-encoded: text in quotes, quotes in it doubled; numbers,
 * booleans, dates and null bare.
 */
export function encodeLiteral(value: unknown, schema: FlatSchema): string {
  return encodePath(literal(value, schema))
}

function literal(value: unknown, schema: FlatSchema): string {
  if (value === null) return 'null'
  const text = textOf(value)
  const isBare =
    typeof value !== 'string' ||
    (schema.type === 'string' && BARE_FORMATS.has(schema.format ?? '')) ||
    isNumeric(schema)
  return isBare ? text : `'${text.replaceAll("'", "''")}'`
}

function isNumeric({ type }: FlatSchema): boolean {
  return type === 'integer' || type === 'number' || type === 'boolean'
}

/** A query string, with its question mark; empty without any value. Spaces are `%20`: the PBX does not know `+`. */
export function encodeQuery(values: Readonly<Record<string, unknown>>): string {
  const pairs = Object.entries(values)
    .filter(
      ([, value]) => value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0),
    )
    .map(
      ([name, value]) =>
        `${encodeText(name)}=${encodeText(Array.isArray(value) ? value.join(',') : textOf(value))}`,
    )
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`
}

/** Lists and objects are JSON, also within parentheses. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  return value instanceof Date ? value.toISOString() : JSON.stringify(value)
}

/** What is legal in a query stays readable. */
function encodeText(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll(/%(?:24|2C|3A|3D|2F|40)/g, decodeURIComponent)
}

function encodePath(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll(/%(?:2C|3A|40)/g, decodeURIComponent)
}
