import { setsOf } from '../description/described-sets.ts'
import { describe } from '../description/describe.ts'
import { genericOperation } from '../description/generic.ts'
import type { Description } from '../description/read.ts'
import { readPath, templateSignature, toAddress } from '../odata/address.ts'
import { notFound, Refusal } from '../odata/refusal.ts'
import type { Answer, Area, Method, Request } from '../model/pbx.ts'
import type { Route } from '../model/routes.ts'

/** What answers one method at one address. */
export type Handler = { area: Area; tag: string; run: (request: Request) => Answer | Promise<Answer> }

export type Dispatch = {
  /** The handler of a decoded path, with the values that stood in it. Throws 404 or 405. */
  find: (method: string, path: string) => { handler: Handler; values: ReadonlyMap<string, string> }
  /** The description to serve. */
  text: string
  /** Names of all sets and single resources. */
  names: string[]
}

/** Files own operations and, where a description is given, all others of it under their signatures. */
export function openDispatch(
  routes: readonly Route[],
  description: Description | null,
  version: string,
): Dispatch {
  const table = new Map<string, Map<Method, Handler>>()
  const file = (signature: string, method: Method, handler: Handler): void => {
    const methods = table.get(signature) ?? new Map<Method, Handler>()
    if (!methods.has(method)) methods.set(method, handler)
    table.set(signature, methods)
  }
  for (const { template, method, area, tag, run } of routes)
    file(templateSignature(template), method, { area, tag, run })
  if (description) {
    const sets = setsOf(description)
    for (const operation of description.operations) {
      const tag = operation.signature.split(/[(/]/)[0] ?? ''
      const run = genericOperation(description, operation, sets)
      file(operation.signature, operation.method, { area: 'configuration', tag, run })
    }
  }
  return {
    find: (method, path) => {
      const { signature, values } = toAddress(readPath(path))
      const methods = table.get(signature)
      if (!methods) throw notFound(`/${path}`)
      const handler = methods.get(method as Method)
      if (!handler) throw new Refusal(405, `${method} is not possible here.`)
      return { handler, values }
    },
    text: description?.text ?? describe(routes, version),
    names: [...new Set([...table.keys()].filter((signature) => /^\w+$/.test(signature)))].sort(),
  }
}
