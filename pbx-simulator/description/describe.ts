import { stringify } from 'yaml'
import { ENUMS } from '../model/enums.ts'
import type { Route } from '../model/routes.ts'
import { isList, itemType, shapeNamed, type Shape } from '../model/shape.ts'

type Schema = Record<string, unknown>

const PRIMITIVES: Readonly<Record<string, Schema>> = {
  s: { type: 'string' },
  i32: { type: 'integer', format: 'int32' },
  i64: { type: 'integer', format: 'int64' },
  u8: { type: 'integer', format: 'uint8', minimum: 0, maximum: 255 },
  num: { type: 'number', format: 'double' },
  b: { type: 'boolean' },
  dt: { type: 'string', format: 'date-time' },
  dur: { type: 'string', format: 'duration' },
  time: { type: 'string', format: 'time' },
  any: {},
}

const reference = (name: string): Schema => ({ $ref: `#/components/schemas/Pbx.${name}` })

function schemaOf(type: string): Schema {
  if (isList(type)) return { type: 'array', items: schemaOf(itemType(type)) }
  return PRIMITIVES[type] ?? reference(type)
}

/** Collects the shapes and enums a type needs. */
function gather(type: string, found: Map<string, Schema>): void {
  const name = itemType(type)
  if (found.has(name) || PRIMITIVES[name]) return
  const words = ENUMS[name]
  if (words) {
    found.set(name, { type: 'string', enum: words })
    return
  }
  const shape = shapeNamed(name)
  if (!shape) return
  found.set(name, objectSchema(shape))
  for (const inner of shape.fields.values()) gather(inner, found)
}

const objectSchema = ({ fields }: Shape): Schema => ({
  type: 'object',
  properties: Object.fromEntries(
    [...fields].map(([field, type]) => {
      const schema = schemaOf(type)
      return [field, '$ref' in schema ? { nullable: true, allOf: [schema] } : { ...schema, nullable: true }]
    }),
  ),
})

const QUERY = ['$top', '$skip', '$filter', '$search', '$count', '$orderby', '$select', '$expand'] as const
const WORDS: Readonly<Record<(typeof QUERY)[number], string>> = {
  $top: 'How many rows at most.',
  $skip: 'How many rows to leave out first.',
  $filter: 'Which rows.',
  $search: 'Words that must occur.',
  $count: 'Whether to count all rows.',
  $orderby: 'In which order.',
  $select: 'Which fields.',
  $expand: 'Which related rows to bring along.',
}

function parametersOf(route: Route): Schema[] {
  const inPath = route.params.map(([name, type]) => ({
    name,
    in: 'path',
    required: true,
    schema: schemaOf(type),
  }))
  const isRead = route.method === 'GET' && route.answers !== null && route.answers !== 'file'
  const names = !isRead ? [] : route.isList ? QUERY : (['$select', '$expand'] as const)
  return [...inPath, ...names.map((name) => ({ $ref: `#/components/parameters/${name.slice(1)}` }))]
}

function responsesOf(route: Route): Schema {
  const { answers, method } = route
  const failure = { default: { description: 'Refused', content: json(reference('Error')) } }
  if (answers === null) return { 204: { description: 'Done' }, ...failure }
  const status = method === 'POST' && route.body && 'name' in route.body ? 201 : 200
  if (answers === 'file')
    return {
      200: {
        description: 'A file',
        content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
      },
      ...failure,
    }
  const isPlain = !route.isList && PRIMITIVES[answers] !== undefined
  const schema =
    route.isList || isPlain ? { type: 'object', properties: { value: schemaOf(answers) } } : schemaOf(answers)
  return { [status]: { description: 'Done', content: json(schema) }, ...failure }
}

const json = (schema: Schema): Schema => ({ 'application/json': { schema } })

function bodyOf(route: Route): Schema {
  if (!route.body) return {}
  const schema =
    'name' in route.body
      ? reference(route.body.name)
      : {
          type: 'object',
          properties: Object.fromEntries(route.body.map(([name, type]) => [name, schemaOf(type)])),
        }
  return { requestBody: { required: true, content: json(schema) } }
}

/** The simulator's own API description: OpenAPI 3, made from the routes that answer. */
export function describe(routes: readonly Route[], version: string): string {
  const schemas = new Map<string, Schema>()
  const paths: Record<string, Schema> = {}
  for (const route of routes) {
    const types = [
      ...route.params.map(([, type]) => type),
      ...(route.answers === null ? [] : [route.answers]),
    ]
    if (route.body)
      types.push(...('name' in route.body ? [route.body.name] : route.body.map(([, type]) => type)))
    for (const type of types) gather(type, schemas)
    const path = route.template.replaceAll("'", '').replaceAll(/=\{/g, '={')
    paths[path] = {
      ...paths[path],
      [route.method.toLowerCase()]: {
        tags: [route.tag],
        operationId: route.id,
        summary: route.about,
        ...(route.params.length + parametersOf(route).length > 0 ? { parameters: parametersOf(route) } : {}),
        ...bodyOf(route),
        responses: responsesOf(route),
      },
    }
  }
  return stringify(
    {
      openapi: '3.0.4',
      info: {
        title: 'PBX simulator (not a 3CX)',
        description: 'What this simulator answers under /xapi/v1, for tests and demonstrations.',
        version,
      },
      servers: [{ url: '/xapi/v1' }],
      paths,
      components: {
        parameters: Object.fromEntries(
          QUERY.map((name) => [
            name.slice(1),
            {
              name,
              in: 'query',
              description: WORDS[name],
              explode: !isNameList(name),
              schema: queryType(name),
            },
          ]),
        ),
        schemas: {
          ...Object.fromEntries([...schemas].map(([name, schema]) => [`Pbx.${name}`, schema])),
          'Pbx.Error': {
            type: 'object',
            properties: {
              error: {
                type: 'object',
                properties: { code: { type: 'string' }, message: { type: 'string' } },
              },
            },
          },
        },
        securitySchemes: {
          token: { type: 'oauth2', flows: { clientCredentials: { tokenUrl: '/connect/token', scopes: {} } } },
        },
      },
      security: [{ token: [] }],
    },
    { aliasDuplicateObjects: false },
  )
}

/** Options that are lists of names, written with commas between them. */
const isNameList = (name: string): boolean => ['$orderby', '$select', '$expand'].includes(name)

function queryType(name: string): Schema {
  if (name === '$top' || name === '$skip') return { type: 'integer', minimum: 0 }
  if (name === '$count') return { type: 'boolean' }
  return isNameList(name) ? { type: 'array', items: { type: 'string' } } : { type: 'string' }
}
