import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import type { FastifySchemaCompiler } from 'fastify'
import type { TSchema } from 'typebox'

const formats = addFormats as unknown as (ajv: Ajv) => Ajv
const shared = {
  allErrors: true,
  useDefaults: true,
  removeAdditional: false,
  allowUnionTypes: true,
  strict: false,
} as const

/** Judges a body as it is: `"1"` is not 1, and nothing is dropped. */
export function bodyValidator(): Ajv {
  return formats(new Ajv({ ...shared, coerceTypes: false }))
}

/**
 * Bodies are taken as they are: `"1"` is not 1. Parameters of the URL are text by nature and are read as the
 * type the schema names. Nothing is dropped in silence.
 */
export function validatorCompiler(): FastifySchemaCompiler<TSchema> {
  const strict = bodyValidator()
  const reading = formats(new Ajv({ ...shared, coerceTypes: true }))
  return ({ schema, httpPart }) => (httpPart === 'body' ? strict : reading).compile(schema)
}
