import { Readable } from 'node:stream'
import { FormData } from 'undici'
import type { RequestBody } from '../connection.ts'
import type { Problem } from '../errors.ts'
import type { FlatSchema } from './flat-schema.ts'
import type { Operation } from './operation.ts'
import type { Schema } from './schema.ts'
import { validate } from './validate.ts'

/** A file within a multipart body. */
export type FilePart = { fileName: string; contentType?: string; data: Uint8Array | Blob }

type Encoded = { type: string | null; body: RequestBody | null }
type Flatten = (schema: Schema) => FlatSchema

const NOTHING: Encoded = { type: null, body: null }

/** The body in the media type that the operation takes: JSON first, then multipart, form fields, or bytes as they are. */
export function encodeBody(
  operation: Operation,
  value: unknown,
  flatten: Flatten,
  problems: Problem[],
): Encoded {
  const wanted = operation.body
  if (wanted === null) return NOTHING
  if (value === undefined) {
    if (wanted.required)
      problems.push({ field: 'body', code: 'missing', message: 'is required', advice: null })
    return NOTHING
  }
  const types = Object.entries(wanted.content)
  const find = (pattern: RegExp) => types.find(([type]) => pattern.test(type))
  const json = find(/^application\/(?:[\w.-]+\+)?json/)
  if (json !== undefined || types.length === 0) {
    const checked = validate(value, json?.[1] ?? {}, 'body', flatten, problems)
    if (problems.length > 0) return NOTHING
    return { type: 'application/json', body: JSON.stringify(checked) }
  }
  const multipart = find(/^multipart\/form-data/)
  if (multipart !== undefined) return encodeMultipart(value, multipart[1], flatten, problems)
  const form = find(/^application\/x-www-form-urlencoded/)
  if (form !== undefined) return encodeForm(value, form, flatten, problems)
  const [type, schema] = types[0] ?? ['application/octet-stream', {}]
  if (value instanceof Uint8Array || value instanceof Readable) return { type, body: value }
  const checked = validate(value, schema, 'body', flatten, problems)
  if (typeof checked === 'string') return { type, body: checked }
  problems.push({
    field: 'body',
    code: 'wrong_type',
    message: `must be bytes or a stream (${type})`,
    advice: null,
  })
  return NOTHING
}

/** Files are taken as they are, everything else is checked and sent as text or JSON. The boundary sets the media type. */
function encodeMultipart(value: unknown, schema: Schema, flatten: Flatten, problems: Problem[]): Encoded {
  const fields = fieldsOf(value, problems)
  const isFile = (one: unknown) => asFile(one) !== null
  const texts = Object.fromEntries(
    Object.entries(fields).map(([name, one]) => [name, isFile(one) ? '' : one]),
  )
  const checked = validate(texts, relaxed(schema, fields, isFile, flatten), 'body', flatten, problems)
  if (problems.length > 0) return NOTHING
  const form = new FormData()
  for (const [name, one] of Object.entries(fields)) {
    const file = asFile(one)
    if (file !== null) form.set(name, file.data, file.fileName)
    else form.set(name, formText((checked as Record<string, unknown>)[name]))
  }
  return { type: null, body: form }
}

/** The schema with the fields that hold files open. */
function relaxed(
  schema: Schema,
  fields: Readonly<Record<string, unknown>>,
  isFile: (one: unknown) => boolean,
  flatten: Flatten,
): Schema {
  const flat = flatten(schema)
  const properties = [...(flat.properties ?? [])].map(
    ([name, one]) => [name, isFile(fields[name]) ? {} : one] as const,
  )
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    required: flat.required,
    ...(flat.additional === undefined ? {} : { additional: flat.additional }),
  }
}

function encodeForm(
  value: unknown,
  [type, schema]: [string, Schema],
  flatten: Flatten,
  problems: Problem[],
): Encoded {
  const checked = validate(value, schema, 'body', flatten, problems)
  if (problems.length > 0) return NOTHING
  const pairs = Object.entries(checked as object).map(
    ([name, one]) => [name, formText(one)] as [string, string],
  )
  return { type, body: new URLSearchParams(pairs).toString().replaceAll('+', '%20') }
}

function fieldsOf(value: unknown, problems: Problem[]): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined))
  }
  problems.push({ field: 'body', code: 'wrong_type', message: 'must be an object of fields', advice: null })
  return {}
}

function asFile(value: unknown): { fileName: string; data: Blob } | null {
  if (value instanceof Blob) return { fileName: 'file', data: value }
  if (value instanceof Uint8Array) return { fileName: 'file', data: blobOf(value) }
  if (typeof value !== 'object' || value === null || !('fileName' in value) || !('data' in value)) return null
  const { fileName, contentType, data } = value as FilePart
  return { fileName, data: data instanceof Blob ? data : blobOf(data, contentType) }
}

function blobOf(bytes: Uint8Array, type = 'application/octet-stream'): Blob {
  return new Blob([new Uint8Array(bytes)], { type })
}

function formText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
