import { Type } from 'typebox'
import { ContactByNumber } from '../../../contract/back-office.ts'
import { ListQuery } from '../../../contract/common.ts'
import { Customer, CustomerPage } from '../../../contract/customers.ts'
import type { Directory } from '../../directory/directory.ts'
import { notFound } from '../../platform/errors.ts'
import { needs, principalOf, type App } from '../app.ts'
import { toBackOffice } from './back-office-contact.ts'

/** Routes that other clients of this API family ask beside the resources: who has a number, a search, an account. */
export function backOfficeRoutes(
  app: App,
  { lookup, customers, contacts }: Pick<Directory, 'lookup' | 'customers' | 'contacts'>,
): void {
  app.get(
    '/contacts/numbers',
    {
      ...needs('directory:read'),
      schema: {
        tags: ['contacts'],
        summary: 'Read the contact that has a number; an unknown number is an answer',
        querystring: Type.Object({ phoneNumber: Type.String({ maxLength: 200 }) }),
        response: { 200: ContactByNumber },
      },
    },
    async (request) => {
      const { tenantId } = principalOf(request)
      const { contact } = lookup.byNumber(tenantId, request.query.phoneNumber)
      if (contact === null) return { data: null, response: 'Contact not found' }
      return { data: toBackOffice(await contacts.get(tenantId, contact.id)) }
    },
  )
  app.get(
    '/customers/search',
    {
      ...needs('directory:read'),
      schema: {
        tags: ['customers'],
        summary: 'Find customers by words of their name, account or comment',
        querystring: Type.Object(
          { ...ListQuery.properties, term: Type.String({ maxLength: 200 }) },
          { additionalProperties: true },
        ),
        response: { 200: CustomerPage },
      },
    },
    (request) => {
      const { term, page, per_page, sort } = request.query
      const query = { page, per_page, sort, 'filter[term_match]': term }
      return customers.list(principalOf(request).tenantId, query)
    },
  )
  app.get(
    '/customerAccounts/:account',
    {
      ...needs('directory:read'),
      schema: {
        tags: ['customers'],
        summary: 'Read the customer of an account, of which the digits may be enough',
        params: Type.Object({ account: Type.String() }),
        response: { 200: Customer },
      },
    },
    (request) => {
      const { tenantId } = principalOf(request)
      const { customer } = lookup.byAccount(tenantId, request.params.account)
      if (customer === null) throw notFound('Customer')
      return customers.get(tenantId, customer.id)
    },
  )
}
