import type { FastifyReply, FastifyRequest } from 'fastify'
import { IdParams } from '../../../contract/common.ts'
import { Contact } from '../../../contract/contacts.ts'
import { Customer } from '../../../contract/customers.ts'
import { ContactMerge, CustomerMerge } from '../../../contract/merge.ts'
import type { Directory } from '../../directory/directory.ts'
import { actor, needs, type App, type Settle } from '../app.ts'

/** `/customers/{id}/merge` and `/contacts/{id}/merge`: two of a book that are one. */
export function mergeRoutes(
  app: App,
  {
    mergeCustomers,
    mergeContacts,
    settle,
  }: Pick<Directory, 'mergeCustomers' | 'mergeContacts'> & { settle: Settle },
): void {
  app.post(
    '/customers/:id/merge',
    {
      ...needs('directory:write'),
      schema: {
        tags: ['customers'],
        summary: 'Merge another customer into this one',
        params: IdParams,
        body: CustomerMerge,
        response: { 200: Customer },
      },
    },
    async (request) => settle(await mergeCustomers(actor(request), request.params.id, request.body)),
  )
  app.post(
    '/contacts/:id/merge',
    {
      ...needs('directory:write'),
      schema: {
        tags: ['contacts'],
        summary: 'Merge another contact into this one',
        params: IdParams,
        body: ContactMerge,
        response: { 200: Contact },
      },
    },
    async (request) => settle(await mergeContacts(actor(request), request.params.id, request.body)),
  )
}

const PARTY = /^(\/api\/v1\/(?:customers|contacts)\/):id(?:\/merge)?$/

/** A hook of `/api/v1`: an answer about another party than the URL names, which was merged into it, says where that one is. */
export function nameSurvivor(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
  done: (error: null, payload: unknown) => void,
): void {
  const place = PARTY.exec(request.routeOptions.url ?? '')?.[1]
  const asked = (request.params as { id?: unknown }).id
  const answered = (payload as { id?: unknown } | null)?.id
  if (place !== undefined && typeof answered === 'number' && answered !== asked)
    reply.header('content-location', `${place}${answered}`)
  done(null, payload)
}
