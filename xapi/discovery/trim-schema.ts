import type { Schema } from '../operations/schema.ts'

/** A description with deeper or more shapes than this is not one of a PBX. */
const DEEPEST = 64
const MOST_SHAPES = 500_000

export type Trimmer = {
  trim(raw: unknown): Schema
  remarks: string[]
}

type Raw = Readonly<Record<string, unknown>>

/** Reduces schemas of OpenAPI 3.0 to what is needed at run time. References stay references, so recursion is harmless. */
export function openTrimmer(): Trimmer {
  const remarks: string[] = []
  let shapes = 0

  function trim(raw: unknown, depth: number): Schema {
    if (++shapes > MOST_SHAPES) throw new Error(`more than ${MOST_SHAPES} shapes`)
    if (depth > DEEPEST) throw new Error(`shapes nested deeper than ${DEEPEST}`)
    if (!isObject(raw)) return {}
    if (typeof raw.$ref === 'string') return refOf(raw.$ref)
    const list = (value: unknown) =>
      Array.isArray(value) ? value.map((one) => trim(one, depth + 1)) : undefined
    const type = TYPES.find((name) => name === raw.type)
    const schema: Schema = {
      type: type ?? (isObject(raw.properties) ? 'object' : undefined),
      format: text(raw.format),
      nullable: raw.nullable === true ? true : undefined,
      enum: Array.isArray(raw.enum) ? raw.enum.filter(isScalar) : undefined,
      flags: isObject(raw['x-ms-enum-flags']) && raw['x-ms-enum-flags'].isFlags === true ? true : undefined,
      properties: isObject(raw.properties)
        ? Object.fromEntries(
            Object.entries(raw.properties).map(([name, one]) => [name, trim(one, depth + 1)]),
          )
        : undefined,
      required: Array.isArray(raw.required)
        ? raw.required.filter((name) => typeof name === 'string')
        : undefined,
      items: raw.items === undefined ? undefined : trim(raw.items, depth + 1),
      additional: additionalOf(raw, type, depth),
      all: list(raw.allOf),
      any: list(raw.oneOf) ?? list(raw.anyOf),
      minimum: number(raw.minimum),
      maximum: number(raw.maximum),
      minLength: number(raw.minLength),
      maxLength: number(raw.maxLength),
      minItems: number(raw.minItems),
      maxItems: number(raw.maxItems),
      pattern: text(raw.pattern),
      default: isScalar(raw.default) ? raw.default : undefined,
      readOnly: raw.readOnly === true ? true : undefined,
    }
    return Object.fromEntries(Object.entries(schema).filter(([, value]) => value !== undefined))
  }

  /** An object that names no properties at all says nothing about them. */
  function additionalOf(raw: Raw, type: Schema['type'], depth: number): Schema['additional'] {
    if (isObject(raw.additionalProperties)) return trim(raw.additionalProperties, depth + 1)
    if (raw.additionalProperties === true) return true
    const namesNothing = type === 'object' && !isObject(raw.properties) && raw.additionalProperties !== false
    return namesNothing && raw.allOf === undefined && raw.oneOf === undefined && raw.anyOf === undefined
      ? true
      : undefined
  }

  function refOf(ref: string): Schema {
    const name = /^#\/components\/schemas\/(.+)$/.exec(ref)?.[1]
    if (name !== undefined) return { ref: unescapePointer(name) }
    remarks.push(`a reference leads nowhere: ${ref.slice(0, 200)}`)
    return {}
  }

  return { trim: (raw) => trim(raw, 0), remarks }
}

const TYPES = ['string', 'integer', 'number', 'boolean', 'array', 'object'] as const

/** A name in a JSON pointer. */
export function unescapePointer(name: string): string {
  return name.replaceAll('~1', '/').replaceAll('~0', '~')
}

export function isObject(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

function isScalar(value: unknown): value is string | number | boolean | null {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value)
}
