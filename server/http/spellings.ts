import type { preValidationHookHandler } from 'fastify'
import type { TObject } from 'typebox'

const camelCase = (name: string) => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())

/**
 * A body with the schema's fields under the schema's names: `customerAccount` is taken for `customer_account`
 * where the latter is not there itself. Everything else, and whatever is no object, stays as it is.
 */
export function inOurSpelling(schema: TObject, body: unknown): unknown {
  if (body === null || typeof body !== 'object' || Array.isArray(body)) return body
  const renamed = new Map(Object.entries(body))
  for (const name of Object.keys(schema.properties)) {
    const twin = camelCase(name)
    if (twin === name || !renamed.has(twin)) continue
    if (!renamed.has(name)) renamed.set(name, renamed.get(twin))
    renamed.delete(twin)
  }
  return Object.fromEntries(renamed)
}

/** Route option for resources that other clients of this API family write, some of them in camelCase. */
export function takesEitherSpelling(schema: TObject): { preValidation: preValidationHookHandler } {
  return {
    preValidation(request, _reply, done) {
      request.body = inOurSpelling(schema, request.body)
      done()
    },
  }
}
