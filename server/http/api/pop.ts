import type { FastifyRequest } from 'fastify'
import { PopCard, PopQuery } from '../../../contract/pop.ts'
import { mayDo } from '../../access/access.ts'
import type { Journal } from '../../journal/journal.ts'
import { HubError } from '../../platform/errors.ts'
import { needs, principalOf, type App } from '../app.ts'
import { languageAsked } from '../languages.ts'
import { reachOf } from './reach.ts'

/** A card shows the book as well as the journal. HubError `scope_missing`. */
export function needsBook(request: FastifyRequest): void {
  if (mayDo(principalOf(request).scopes, 'directory:read')) return
  throw new HubError('scope_missing', 'This takes the scope directory:read as well.')
}

/** `/api/v1/pop`: the card of a call. */
export function popRoutes(app: App, { pop }: Pick<Journal, 'pop'>): void {
  app.get(
    '/pop',
    {
      ...needs('calls:read'),
      schema: {
        tags: ['pop'],
        summary: 'Who calls, and what happened before: the card of a number, a call, a customer or a contact',
        querystring: PopQuery,
        response: { 200: PopCard },
      },
    },
    (request) => {
      needsBook(request)
      const { scopes } = principalOf(request)
      const write = mayDo(scopes, 'journal:write')
      return pop.card(reachOf(request), request.query, {
        language: languageAsked(request, request.query.lang),
        may: { write, attach: write },
      })
    },
  )
}
