import { resolveSchema, type Schema, type Schemas } from './schema.ts'

/** A schema with what it inherits: references followed, `allOf` put together. */
export type FlatSchema = Omit<Schema, 'ref' | 'all' | 'properties' | 'required'> & {
  properties: ReadonlyMap<string, Schema> | null
  required: readonly string[]
}

const DEEPEST = 32

/** Puts schemas together, each once. */
export function openFlattener(schemas: Schemas): (schema: Schema) => FlatSchema {
  const done = new WeakMap<Schema, FlatSchema>()

  function flatten(schema: Schema, depth: number): FlatSchema {
    const before = done.get(schema)
    if (before !== undefined) return before
    const own = resolveSchema(schema, schemas)
    // What leads nowhere, or into itself, says nothing.
    if (own === null || depth > DEEPEST) return { properties: null, required: [], additional: true }
    const parts = (own.all ?? []).map((part) => flatten(part, depth + 1))
    const { ref: _ref, all: _all, properties, required = [], ...rest } = own
    const flat: FlatSchema = Object.assign({}, ...parts, rest, {
      nullable: own.nullable ?? (parts.some(({ nullable }) => nullable) ? true : undefined),
      properties: joined([...parts.map((part) => part.properties), properties ?? null]),
      required: [...new Set([...parts.flatMap((part) => part.required), ...required])],
    }) as FlatSchema
    done.set(schema, flat)
    return flat
  }

  return (schema) => flatten(schema, 0)
}

function joined(maps: readonly (ReadonlyMap<string, Schema> | Readonly<Record<string, Schema>> | null)[]) {
  if (maps.every((map) => map === null)) return null
  return new Map(
    maps.flatMap((map) =>
      map === null ? [] : map instanceof Map ? [...map] : Object.entries(map as object),
    ),
  ) as ReadonlyMap<string, Schema>
}
