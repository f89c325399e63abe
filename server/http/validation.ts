import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import { SerializerSelector } from '@fastify/fast-json-stringify-compiler'
import type { FastifySchemaCompiler, FastifySerializerCompiler } from 'fastify'
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

/** Resources have hundreds of shapes, most of which nobody asks for soon, and a hub that starts is waited for. */
const canWait = (url: string | undefined): boolean => url?.startsWith('/api/v1/') === true

/**
 * Bodies are taken as they are: `"1"` is not 1. Parameters of the URL are text by nature and are read as the
 * type the schema names. Nothing is dropped in silence. What a phone system asks is compiled at the start, resources
 * when they are first asked for.
 */
export function validatorCompiler(): FastifySchemaCompiler<TSchema> {
  const strict = bodyValidator()
  const reading = formats(new Ajv({ ...shared, coerceTypes: true }))
  return ({ schema, httpPart, url }) => {
    const compile = () => (httpPart === 'body' ? strict : reading).compile(schema)
    if (!canWait(url)) return compile()
    let validate: ReturnType<typeof compile> | null = null
    // Fastify looks for what was wrong on the function itself.
    const later = Object.assign(
      (data: unknown) => {
        validate ??= compile()
        const isRight = validate(data)
        later.errors = validate.errors
        return isRight
      },
      { errors: null as Ajv['errors'] },
    )
    return later
  }
}

/** As Fastify's own, but as late as `validatorCompiler`. */
export function serializerCompiler(): FastifySerializerCompiler<TSchema> {
  const compile = SerializerSelector()({}, {})
  return ({ schema, method, url, httpStatus }) => {
    const make = () => compile({ schema, method, url, httpStatus: httpStatus ?? '' })
    if (!canWait(url)) return make()
    let serialize: ReturnType<typeof make> | null = null
    return (data: unknown) => (serialize ??= make())(data)
  }
}
