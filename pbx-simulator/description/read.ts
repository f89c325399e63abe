import { parse } from 'yaml'
import { templateSignature } from '../odata/address.ts'
import type { Method } from '../model/pbx.ts'
import { textOf } from '../model/text.ts'

/** A schema as it stands in a description. */
export type Schema = Readonly<{
  $ref?: string
  type?: string
  format?: string
  enum?: readonly unknown[]
  items?: Schema
  properties?: Readonly<Record<string, Schema>>
  allOf?: readonly Schema[]
  anyOf?: readonly Schema[]
  oneOf?: readonly Schema[]
  minimum?: number
  maximum?: number
  nullable?: boolean
  required?: readonly string[]
}>

/** One operation of a description, under the signature requests are looked up by. */
export type Described = {
  method: Method
  template: string
  signature: string
  id: string
  body: Schema | null
  status: number
  answer: Schema | null
  isFile: boolean
}

export type Description = {
  text: string
  operations: Described[]
  /** What a reference leads to. */
  resolve: (schema: Schema) => Schema
}

type Raw = Record<string, unknown>
const METHODS = ['get', 'post', 'patch', 'delete'] as const
const object = (value: unknown): Raw => (typeof value === 'object' && value !== null ? (value as Raw) : {})

/** Reads an OpenAPI 3 description (YAML or JSON). Throws when it is none. */
export function readDescription(text: string): Description {
  const root = object(parse(text, { version: '1.2', maxAliasCount: -1 }))
  if (typeof root.paths !== 'object' || root.paths === null)
    throw new Error('The description has no paths: it is no OpenAPI document.')
  const follow = (pointer: string): Raw =>
    pointer
      .replace(/^#\//, '')
      .split('/')
      .reduce<Raw>((at, step) => object(at[step.replaceAll('~1', '/').replaceAll('~0', '~')]), root)
  const plain = (value: unknown): Raw => {
    const raw = object(value)
    return typeof raw.$ref === 'string' ? follow(raw.$ref) : raw
  }
  const schemaIn = (holder: Raw): { schema: Schema | null; isFile: boolean } => {
    const content = object(holder.content)
    const [type = '', media] =
      Object.entries(content).find(([name]) => name.includes('json')) ?? Object.entries(content)[0] ?? []
    const schema = object(media).schema
    return { schema: schema ? schema : null, isFile: type !== '' && !type.includes('json') }
  }
  const operations = Object.entries(object(root.paths)).flatMap(([template, path]) =>
    METHODS.flatMap((name): Described[] => {
      const raw = object(path)[name]
      if (!raw) return []
      const operation = object(raw)
      const responses = Object.entries(object(operation.responses))
      const [code = '204', response] = responses.find(([status]) => status.startsWith('2')) ?? []
      const { schema, isFile } = schemaIn(plain(response))
      return [
        {
          method: name.toUpperCase() as Method,
          template,
          signature: templateSignature(template),
          id: textOf(operation.operationId),
          body: schemaIn(plain(operation.requestBody)).schema,
          status: Number(code) || 200,
          answer: schema,
          isFile,
        },
      ]
    }),
  )
  const resolve = (schema: Schema): Schema => {
    let current = schema
    for (let depth = 0; current.$ref !== undefined && depth < 20; depth += 1) current = follow(current.$ref)
    return current
  }
  return { text, operations, resolve }
}
