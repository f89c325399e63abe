import type { FastifyRequest } from 'fastify'
import { PopAttached, PopAttachInput, PopCard, PopQuery } from '../../../contract/pop.ts'
import { mayDo } from '../../access/access.ts'
import type { Attach } from '../../directory/directory.ts'
import type { Journal } from '../../journal/journal.ts'
import { HubError } from '../../platform/errors.ts'
import { actor, needs, principalOf, type App, type Settle } from '../app.ts'
import { languageAsked } from '../languages.ts'
import { callReachOf } from './reach.ts'

/** A card shows the book as well as the journal. HubError `scope_missing`. */
export function needsBook(request: FastifyRequest): void {
  if (mayDo(principalOf(request).scopes, 'directory:read')) return
  throw new HubError('scope_missing', 'This takes the scope directory:read as well.')
}

type Deps = Pick<Journal, 'pop'> & { attach: Attach; settle: Settle }

/** `/api/v1/pop`: the card of a call, and what is written from it. */
export function popRoutes(app: App, { pop, attach, settle }: Deps): void {
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
      return pop.card(callReachOf(request), request.query, {
        language: languageAsked(request, request.query.lang),
        may: { write, attach: write },
      })
    },
  )
  app.post(
    '/pop/attach',
    {
      ...needs('journal:write'),
      schema: {
        tags: ['pop'],
        summary: 'Put a number with a contact or a customer, or with one made on the spot',
        description:
          'Takes directory:read beside journal:write, and nothing more: an agent may add a number and a new name, and change nothing else of the book. The same again changes nothing. 409 number_taken when somebody else has the number, unless shared is true.',
        body: PopAttachInput,
        response: { 200: PopAttached },
      },
    },
    async (request) => {
      needsBook(request)
      return settle(await attach(actor(request), request.body))
    },
  )
}
