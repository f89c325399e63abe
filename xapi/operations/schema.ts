/** The shape of a value, as an operation index keeps it: OpenAPI 3.0 without what nobody needs at run time. */
export type Schema = {
  /** The name of a schema in the index. */
  ref?: string
  type?: 'string' | 'integer' | 'number' | 'boolean' | 'array' | 'object'
  format?: string
  nullable?: true
  enum?: readonly (string | number | boolean | null)[]
  /** An enumeration whose values may be joined by commas. */
  flags?: true
  properties?: Readonly<Record<string, Schema>>
  required?: readonly string[]
  items?: Schema
  /** Properties beside the named ones: true for any; absent for none. */
  additional?: true | Schema
  all?: readonly Schema[]
  any?: readonly Schema[]
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  minItems?: number
  maxItems?: number
  pattern?: string
  default?: unknown
  readOnly?: true
}

export type Schemas = Readonly<Record<string, Schema>>

/** The schema a reference leads to; null when it leads nowhere or in a circle. */
export function resolveSchema(schema: Schema, schemas: Schemas): Schema | null {
  let current = schema
  for (let steps = 0; current.ref !== undefined; steps++) {
    if (steps > 32 || !Object.hasOwn(schemas, current.ref)) return null
    const next: Schema | undefined = schemas[current.ref]
    if (next === undefined) return null
    current = next
  }
  return current
}
