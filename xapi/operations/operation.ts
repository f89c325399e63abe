import type { Schema, Schemas } from './schema.ts'

export type Parameter = {
  name: string
  in: 'path' | 'query' | 'header'
  required: boolean
  schema: Schema
}

/** One operation of a PBX, as its own description tells it. */
export type Operation = {
  /** `ListUser`, `GetCallLogData`: what `call` takes. */
  id: string
  method: string
  /** Below `/xapi/v1`, with a `{name}` for every path parameter: `/Users({Id})`. */
  path: string
  tag: string | null
  summary: string | null
  parameters: readonly Parameter[]
  /** What may be sent, by media type. */
  body: { required: boolean; content: Readonly<Record<string, Schema>> } | null
  /** What a good answer holds, by media type; empty when it is none. */
  answer: { status: number; content: Readonly<Record<string, Schema>> }
}

/** Every operation of a PBX, with the schemas they name. */
export type OperationIndex = {
  /** The form of this value itself. */
  form: number
  /** What it was read from: `swagger.yaml`, `swagger.json` or `$metadata`. */
  source: string
  /** SHA-256 of that text, hex. */
  hash: string
  /** What could not be understood, in words. */
  remarks: readonly string[]
  operations: readonly Operation[]
  schemas: Schemas
}

export const INDEX_FORM = 1

/** What two spellings of the same operation share: method and path without the names of keys and of parameters. */
export function signatureOf(method: string, path: string): string {
  const bare = path
    .replaceAll(/'?\{[^}]*\}'?/g, '')
    .replaceAll(/(Pbx\.\w+|^\/\w+)\((\w+=,?)+\)/g, (whole, name: string) =>
      name.startsWith('Pbx.') || isRootFunction(path) ? `${name}()` : whole,
    )
  return `${method.toUpperCase()} ${bare}`
}

/** `/GetUpdateDetails(key={key},id={id})` is a function; `/Users(Number={Number})` is a key. */
function isRootFunction(path: string): boolean {
  return /^\/Get\w*\([^/]*\)$/.test(path)
}
