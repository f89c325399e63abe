import { Type } from 'typebox'
import { BackOfficeContact } from '../../../contract/back-office.ts'
import { IdParams, ListQuery } from '../../../contract/common.ts'
import { ConditionHeaders } from '../../../contract/headers.ts'
import { Contact, ContactInput, ContactPage, ContactPatch } from '../../../contract/contacts.ts'
import type { Contacts } from '../../directory/directory.ts'
import { actor, needs, principalOf, type App, type Settle } from '../app.ts'
import { conditionOn } from '../etags.ts'
import { contactableOf, takesBackOffice, toBackOffice } from './back-office-contact.ts'

/** `/api/v1/contacts`: people, most of them of a customer. PUT and PATCH both merge. */
export function contactRoutes(app: App, { contacts, settle }: { contacts: Contacts; settle: Settle }): void {
  const tags = ['contacts']

  app.get(
    '/contacts',
    {
      ...needs('directory:read'),
      schema: {
        tags,
        summary:
          'List contacts; with contactable_type and contactable_id those of a customer, as a bare array',
        querystring: ListQuery,
        response: { 200: Type.Union([ContactPage, Type.Array(BackOfficeContact)]) },
      },
    },
    async (request) => {
      const { tenantId } = principalOf(request)
      const asked = contactableOf(request.query)
      if (asked === null) return contacts.list(tenantId, request.query)
      if (asked.customerId === null) return []
      const query = { ...request.query, per_page: 200, 'filter[customer_id]': asked.customerId }
      return (await contacts.list(tenantId, query)).data.map(toBackOffice)
    },
  )
  app.post(
    '/contacts',
    {
      ...needs('directory:write'),
      ...takesBackOffice(ContactInput, { isNew: true }),
      schema: { tags, summary: 'Create a contact', body: ContactInput, response: { 201: Contact } },
    },
    async (request, reply) =>
      reply.code(201).send(await settle(await contacts.create(actor(request), request.body))),
  )
  app.get(
    '/contacts/:id',
    {
      ...needs('directory:read'),
      schema: { tags, summary: 'Read a contact', params: IdParams, response: { 200: Contact } },
    },
    (request) => contacts.get(principalOf(request).tenantId, request.params.id),
  )
  for (const method of ['PUT', 'PATCH'] as const) {
    app.route({
      method,
      url: '/contacts/:id',
      ...needs('directory:write'),
      ...takesBackOffice(ContactPatch, { isNew: false }),
      schema: {
        tags,
        summary: 'Change a contact',
        params: IdParams,
        headers: ConditionHeaders,
        body: ContactPatch,
        response: { 200: Contact },
      },
      handler: async (request) =>
        settle(await contacts.update(actor(request), request.params.id, request.body, conditionOn(request))),
    })
  }
  app.delete(
    '/contacts/:id',
    {
      ...needs('directory:write'),
      schema: {
        tags,
        summary: 'Delete a contact',
        params: IdParams,
        headers: ConditionHeaders,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) =>
      reply
        .code(204)
        .send(await settle(await contacts.remove(actor(request), request.params.id, conditionOn(request)))),
  )
}
