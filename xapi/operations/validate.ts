import type { Problem } from '../errors.ts'
import { closest } from './closest.ts'
import type { FlatSchema } from './flat-schema.ts'
import { formatProblem, patternProblem } from './formats.ts'
import type { Schema } from './schema.ts'

/** An input nested deeper than this holds itself. */
const DEEPEST = 100

/**
 * Checks a value against a schema of the PBX and answers it as it is to be sent: a `Date` becomes text. What is wrong is
 * added to `problems`, each with the path of its field below `at`.
 */
export function validate(
  value: unknown,
  schema: Schema,
  at: string,
  flatten: (schema: Schema) => FlatSchema,
  problems: Problem[],
): unknown {
  return check(value, schema, at, 0)

  function check(value: unknown, schema: Schema, at: string, depth: number): unknown {
    const flat = flatten(schema)
    const wrong = (code: string, message: string) => {
      problems.push({ field: at, code, message, advice: null })
      return value
    }
    if (depth > DEEPEST) return wrong('too_deep', 'is nested too deeply, or holds itself')
    if (value === null) {
      const isAllowed = flat.nullable === true || saysNothing(flat) || anyAllowsNull(flat)
      return isAllowed ? null : wrong('not_nullable', 'must not be null')
    }
    if (flat.any !== undefined) return checkAny(value, flat.any, at, depth)
    if (flat.enum !== undefined)
      return checkEnum(value, flat) ? value : wrong('wrong_value', enumMessage(flat))
    switch (flat.type) {
      case 'string':
        return checkString(value, flat, wrong)
      case 'integer':
      case 'number':
        return checkNumber(value, flat, wrong)
      case 'boolean':
        return typeof value === 'boolean' ? value : wrong('wrong_type', 'must be true or false')
      case 'array':
        if (!Array.isArray(value)) return wrong('wrong_type', 'must be a list')
        if (value.length > (flat.maxItems ?? Infinity))
          return wrong('too_long', `has more than ${flat.maxItems} items`)
        if (value.length < (flat.minItems ?? 0)) return wrong('too_short', `needs ${flat.minItems} items`)
        return value.map((one, i) => check(one, flat.items ?? {}, `${at}[${i}]`, depth + 1))
      case 'object':
        return checkObject(value, flat, at, depth, wrong)
      case undefined:
        return flat.properties === null ? plain(value) : checkObject(value, flat, at, depth, wrong)
      default:
        return value
    }
  }

  /** The first shape that fits; where none does, what is wrong with the one that comes nearest. */
  function checkAny(value: unknown, shapes: readonly Schema[], at: string, depth: number): unknown {
    const before = problems.length
    let nearest: Problem[] | null = null
    for (const shape of shapes) {
      const checked = check(value, shape, at, depth + 1)
      const found = problems.splice(before)
      if (found.length === 0) return checked
      if (nearest === null || depthOf(found) > depthOf(nearest)) nearest = found
    }
    problems.push(...(nearest ?? []))
    return value
  }

  function anyAllowsNull({ any }: FlatSchema): boolean {
    return any?.some((shape) => flatten(shape).nullable === true) ?? false
  }

  function checkObject(
    value: unknown,
    flat: FlatSchema,
    at: string,
    depth: number,
    wrong: (code: string, message: string) => unknown,
  ): unknown {
    if (
      typeof value !== 'object' ||
      Array.isArray(value) ||
      value instanceof Date ||
      value instanceof Uint8Array
    ) {
      return wrong('wrong_type', 'must be an object')
    }
    const named = flat.properties ?? new Map<string, Schema>()
    const given = Object.entries(value as object).filter(([, one]) => one !== undefined)
    for (const name of flat.required) {
      if (given.some(([key]) => key === name)) continue
      problems.push({ field: join(at, name), code: 'missing', message: 'is required', advice: null })
    }
    return Object.fromEntries(
      given.map(([name, one]) => {
        const schema = named.get(name)
        if (schema !== undefined) return [name, check(one, schema, join(at, name), depth + 1)]
        if (flat.additional === true || isAnnotation(name)) return [name, plain(one)]
        if (flat.additional !== undefined)
          return [name, check(one, flat.additional, join(at, name), depth + 1)]
        problems.push(unknownField(join(at, name), name, named.keys()))
        return [name, one]
      }),
    )
  }
}

/** The problem of a name that nobody knows here. */
export function unknownField(field: string, name: string, known: Iterable<string>): Problem {
  const meant = closest(name, known)
  const advice = meant === null ? null : `Did you mean ${meant}?`
  return {
    field,
    code: 'unknown_field',
    message: `is not known here${meant === null ? '' : `; did you mean ${meant}?`}`,
    advice,
  }
}

/** `@odata.type`, `Groups@odata.bind`: for the PBX, not about the entity. */
function isAnnotation(name: string): boolean {
  return name.includes('@odata.')
}

function checkEnum(value: unknown, { enum: values = [], flags }: FlatSchema): boolean {
  if (values.includes(value as string)) return true
  return (
    flags === true &&
    typeof value === 'string' &&
    value.split(',').every((one) => values.includes(one.trim()))
  )
}

function enumMessage({ enum: values = [], flags }: FlatSchema): string {
  const shown = values.slice(0, 20).join(', ')
  return `must be ${flags ? 'some' : 'one'} of ${shown}${values.length > 20 ? ', …' : ''}`
}

type Wrong = (code: string, message: string) => unknown

function checkString(value: unknown, flat: FlatSchema, wrong: Wrong): unknown {
  const text = value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : value
  if (typeof text !== 'string' || (value instanceof Date && flat.format !== 'date-time')) {
    return isBinary(value) && flat.format === 'binary' ? value : wrong('wrong_type', 'must be a text')
  }
  if (text.length > (flat.maxLength ?? Infinity))
    return wrong('too_long', `is longer than ${flat.maxLength} characters`)
  if (text.length < (flat.minLength ?? 0))
    return wrong('too_short', `is shorter than ${flat.minLength} characters`)
  if (/\0/.test(text)) return wrong('wrong_value', 'must not hold a NUL character')
  const format = formatProblem(text, flat.format)
  if (format !== null) return wrong('wrong_format', format)
  const pattern = flat.format === undefined ? patternProblem(text, flat.pattern) : null
  return pattern === null ? text : wrong('wrong_format', pattern)
}

function checkNumber(value: unknown, flat: FlatSchema, wrong: Wrong): unknown {
  if (typeof value !== 'number' || !Number.isFinite(value)) return wrong('wrong_type', 'must be a number')
  const isWhole = flat.type === 'integer' && flat.format !== 'decimal'
  if (isWhole && !Number.isSafeInteger(value)) return wrong('wrong_type', 'must be a whole number')
  if (value < (flat.minimum ?? -Infinity)) return wrong('out_of_range', `is less than ${flat.minimum}`)
  if (value > (flat.maximum ?? Infinity)) return wrong('out_of_range', `is more than ${flat.maximum}`)
  return value
}

function saysNothing({ type, enum: values, any, properties }: FlatSchema): boolean {
  return type === undefined && values === undefined && any === undefined && properties === null
}

function isBinary(value: unknown): boolean {
  return value instanceof Uint8Array || value instanceof Blob
}

function plain(value: unknown): unknown {
  return value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : value
}

function join(at: string, name: string): string {
  return at === '' ? name : `${at}.${name}`
}

/** A shape whose problems lie deeper was nearer to what was meant. */
function depthOf(problems: readonly Problem[]): number {
  return Math.max(...problems.map(({ field }) => field?.split(/[.[]/).length ?? 0))
}
