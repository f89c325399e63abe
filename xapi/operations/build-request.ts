import { inputError, type Problem } from '../errors.ts'
import type { RequestBody } from '../connection.ts'
import { encodeLiteral, encodeQuery } from './encode.ts'
import { openFlattener, type FlatSchema } from './flat-schema.ts'
import { encodeBody } from './encode-body.ts'
import type { Operation, Parameter } from './operation.ts'
import type { Schema, Schemas } from './schema.ts'
import { unknownField, validate } from './validate.ts'

/**
 * What an operation is given: its parameters by their names (`Id`, `$top`, `If-Match`), and `body`. A `Date` may stand
 * for any date-time, a list for `$select`, `$expand` and `$orderby`.
 */
export type OperationInput = Readonly<Record<string, unknown>>

export type BuiltRequest = {
  method: string
  /** Below `/xapi/v1`, with its query. */
  path: string
  headers: Record<string, string>
  body: RequestBody | null
}

const flatteners = new WeakMap<Schemas, (schema: Schema) => FlatSchema>()

/**
 * Checks the input against the operation and makes the request of it. Throws `validation` with every problem, each
 * naming its field by path, before anything is sent.
 */
export function buildRequest(operation: Operation, input: OperationInput, schemas: Schemas): BuiltRequest {
  const flatten = flatteners.get(schemas) ?? openFlattener(schemas)
  flatteners.set(schemas, flatten)
  const problems: Problem[] = []
  const values = new Map<Parameter, unknown>()

  for (const parameter of operation.parameters) {
    const value = given(input, parameter)
    if (value !== undefined) {
      values.set(parameter, checkParameter(value, parameter, flatten, problems))
    } else if (parameter.required) {
      problems.push({
        field: parameter.name,
        code: 'missing',
        message: 'is a required parameter',
        advice: null,
      })
    }
  }
  const names = [
    ...operation.parameters.map(({ name }) => name),
    ...(operation.body === null ? [] : ['body']),
  ]
  for (const [name, value] of Object.entries(input)) {
    if (value !== undefined && !names.includes(name)) problems.push(unknownField(name, name, names))
  }
  const { type, body } = encodeBody(operation, input.body, flatten, problems)
  if (problems.length > 0) throw inputError(operation.id, problems)

  const at = (place: Parameter['in']) => [...values].filter(([parameter]) => parameter.in === place)
  const query = Object.fromEntries(at('query').map(([{ name }, value]) => [name, value]))
  const headers = Object.fromEntries(
    at('header').map(([{ name }, value]) => [name.toLowerCase(), String(value)]),
  )
  const path = at('path').reduce(
    (template, [{ name, schema }, value]) =>
      replaceOnce(template, name, () => encodeLiteral(value, flatten(schema))),
    operation.path,
  )
  return {
    method: operation.method,
    path: path + encodeQuery(query),
    headers: {
      accept: 'application/json, */*;q=0.5',
      ...headers,
      ...(type === null ? {} : { 'content-type': type }),
    },
    body,
  }
}

/** A parameter that must be there but has a default need not be given. */
function given(input: OperationInput, { name, required, schema }: Parameter): unknown {
  const value = Object.hasOwn(input, name) ? input[name] : undefined
  return value === undefined && required ? schema.default : value
}

function checkParameter(
  value: unknown,
  parameter: Parameter,
  flatten: (schema: Schema) => FlatSchema,
  problems: Problem[],
): unknown {
  // Descriptions differ in whether an option of OData is a list or the text of one: both are taken for both.
  const isList = parameter.in === 'query' && flatten(parameter.schema).type === 'array'
  if (isList && typeof value === 'string') return value
  const isText = parameter.in === 'query' && !isList && Array.isArray(value)
  const checked = validate(
    isText ? value.join(',') : value,
    parameter.schema,
    parameter.name,
    flatten,
    problems,
  )
  if (parameter.in === 'header' && /[\r\n\0]/.test(String(checked))) {
    problems.push({
      field: parameter.name,
      code: 'wrong_value',
      message: 'must be a single line',
      advice: null,
    })
  }
  return checked
}

/** Some descriptions write the quotes of a text key themselves. */
function replaceOnce(template: string, name: string, literal: () => string): string {
  const quoted = `'{${name}}'`
  const place = template.includes(quoted) ? quoted : `{${name}}`
  return template.replace(place, literal)
}
