import type { Operation, OperationIndex, Schema } from '../../xapi/xapi.ts'

type JsonSchema = Record<string, unknown>

/** JSON Schema of an operation's input, `{parameters, body}`, with the shapes it names under `$defs`. */
export function inputShape({ parameters, body }: Operation, { schemas }: OperationIndex): JsonSchema {
  const required = parameters.filter((one) => one.required && one.schema.default === undefined)
  const properties = Object.fromEntries(parameters.map(({ name, schema }) => [name, schema]))
  const shape: Schema = {
    type: 'object',
    properties: {
      parameters: { type: 'object', properties, required: required.map(({ name }) => name) },
      ...(body === null ? {} : { body: jsonOf(body.content) ?? {} }),
    },
    required: [...(required.length > 0 ? ['parameters'] : []), ...(body?.required ? ['body'] : [])],
  }
  return withDefinitions(shape, schemas)
}

/** JSON Schema of a good answer; null when it is none, or no JSON. */
export function answerShape({ answer }: Operation, { schemas }: OperationIndex): JsonSchema | null {
  const schema = jsonOf(answer.content)
  return schema === null ? null : withDefinitions(schema, schemas)
}

const jsonOf = (content: Readonly<Record<string, Schema>>): Schema | null =>
  (Object.entries(content).find(([type]) => /\bjson\b/.test(type)) ?? Object.entries(content)[0])?.[1] ?? null

/** Everything a shape names, however deep, each once. */
function withDefinitions(shape: Schema, schemas: OperationIndex['schemas']): JsonSchema {
  const definitions = new Map<string, JsonSchema>()
  const waiting: string[] = []
  const convert = (schema: Schema): JsonSchema => toJsonSchema(schema, (name) => waiting.push(name))
  const whole = convert(shape)
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const named = Object.hasOwn(schemas, name) ? schemas[name] : undefined
    if (!definitions.has(name)) definitions.set(name, named === undefined ? {} : convert(named))
  }
  const sorted = [...definitions].sort(([one], [other]) => (one < other ? -1 : 1))
  return sorted.length === 0 ? whole : { ...whole, $defs: Object.fromEntries(sorted) }
}

/** What stands in both alike: limits, formats, titles. */
function toJsonSchema(schema: Schema, onName: (name: string) => void): JsonSchema {
  const inner = (one: Schema) => toJsonSchema(one, onName)
  const { ref, nullable, flags: _flags, all, any, additional, items, properties, type, ...rest } = schema
  if (ref !== undefined) onName(ref)
  const shape: JsonSchema = {
    ...(ref === undefined ? {} : { $ref: `#/$defs/${ref.replaceAll('~', '~0').replaceAll('/', '~1')}` }),
    ...(type === undefined ? {} : { type: nullable ? [type, 'null'] : type }),
    ...(items === undefined ? {} : { items: inner(items) }),
    ...(all === undefined ? {} : { allOf: all.map(inner) }),
    ...(any === undefined ? {} : { anyOf: any.map(inner) }),
    ...(additional === undefined
      ? {}
      : { additionalProperties: additional === true ? true : inner(additional) }),
    ...rest,
  }
  if (properties !== undefined) {
    shape['properties'] = Object.fromEntries(
      Object.entries(properties).map(([name, one]) => [name, inner(one)]),
    )
  }
  if (nullable && Array.isArray(rest.enum) && !rest.enum.includes(null)) shape['enum'] = [...rest.enum, null]
  return nullable && type === undefined && rest.enum === undefined
    ? { anyOf: [shape, { type: 'null' }] }
    : shape
}
