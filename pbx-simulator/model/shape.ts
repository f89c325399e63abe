import { ENUMS, FLAGS } from './enums.ts'

/**
 * A type of the PBX's data. A field's type is one of `s i32 i64 u8 b dt dur time num any`, the name of an enum or of
 * another shape, or one of these in brackets for a list. Navigation fields are left out of answers unless expanded.
 */
export type Shape = {
  name: string
  fields: ReadonlyMap<string, string>
  navigation: ReadonlySet<string>
}

const shapes = new Map<string, Shape>()

type Parts = { extends?: Shape; navigation?: string }

/** Declares a shape: names of fields by their type. */
export function shape(name: string, fields: Readonly<Record<string, string>>, parts: Parts = {}): Shape {
  const all = new Map(parts.extends?.fields)
  for (const [type, names] of Object.entries(fields))
    for (const field of names.split(/\s+/)) all.set(field, type)
  const own = parts.navigation?.split(' ') ?? []
  const made = { name, fields: all, navigation: new Set([...(parts.extends?.navigation ?? []), ...own]) }
  if (shapes.has(name)) throw new Error(`the shape ${name} is declared twice`)
  shapes.set(name, made)
  return made
}

export const shapeNamed = (name: string): Shape | null => shapes.get(name) ?? null

export const isList = (type: string): boolean => type.startsWith('[')
export const itemType = (type: string): string => (isList(type) ? type.slice(1, -1) : type)

const CHECKS: Readonly<Record<string, (value: unknown) => boolean>> = {
  s: (value) => typeof value === 'string',
  i32: (value) => Number.isInteger(value) && Math.abs(value as number) <= 2 ** 31,
  i64: (value) => Number.isSafeInteger(value),
  u8: (value) => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 255,
  num: (value) => typeof value === 'number',
  b: (value) => typeof value === 'boolean',
  dt: (value) => typeof value === 'string' && !Number.isNaN(Date.parse(value)),
  dur: (value) => typeof value === 'string' && /^-?P/.test(value),
  time: (value) => typeof value === 'string' && /^\d\d:\d\d(?::\d\d(?:\.\d+)?)?$/.test(value),
  any: () => true,
}

/** The first thing wrong with a value of a type, as the path of the field; null when it fits. */
export function misfit(type: string, value: unknown, path: string): string | null {
  if (value === null || value === undefined) return null
  if (isList(type)) {
    if (!Array.isArray(value)) return path
    return firstOf(
      value.map((item, index) => (item === null ? path : misfit(itemType(type), item, `${path}[${index}]`))),
    )
  }
  const check = CHECKS[type]
  if (check) return check(value) ? null : path
  const words = ENUMS[type]
  if (words) return isWordOf(type, words, value) ? null : path
  const made = shapes.get(type)
  return made ? misfitOf(made, value, path) : null
}

function isWordOf(type: string, words: readonly string[], value: unknown): boolean {
  if (typeof value !== 'string') return false
  return FLAGS.has(type) ? value.split(/,\s*/).every((word) => words.includes(word)) : words.includes(value)
}

/** As `misfit`, for an object of a shape; a field the shape does not have is a misfit too. */
export function misfitOf(made: Shape, value: unknown, path = ''): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return path
  return firstOf(
    Object.entries(value).map(([field, inner]) => {
      if (field.startsWith('@')) return null
      const type = made.fields.get(field)
      const name = path === '' ? field : `${path}.${field}`
      return type === undefined ? name : misfit(type, inner, name)
    }),
  )
}

const firstOf = (problems: readonly (string | null)[]): string | null =>
  problems.find((problem) => problem !== null) ?? null

export const allShapes = (): Shape[] => [...shapes.values()]
