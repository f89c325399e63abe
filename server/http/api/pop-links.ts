import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { Disposition } from '../../../contract/dispositions.ts'
import { ConditionHeaders } from '../../../contract/headers.ts'
import { Note } from '../../../contract/notes.ts'
import {
  LinkedDispositionInput,
  LinkedNoteInput,
  PopLink,
  PopLinkInput,
  PopSettings,
  PopSettingsPatch,
} from '../../../contract/pop-links.ts'
import { PopCard } from '../../../contract/pop.ts'
import { mayDo, type Access } from '../../access/access.ts'
import type { Journal, LinkClaim } from '../../journal/journal.ts'
import type { Actor } from '../../platform/audit.ts'
import { HubError, invalid } from '../../platform/errors.ts'
import { tokenOfHeaders } from '../admission.ts'
import { actor, admit, needs, principalOf, type App, type Settle } from '../app.ts'
import { conditionOn } from '../etags.ts'
import { languageAsked } from '../languages.ts'
import { nameOf } from './notes.ts'
import { needsBook } from './pop.ts'
import { everyCallReachOf } from './reach.ts'

type Deps = Pick<Journal, 'pop' | 'popLinks' | 'dispositions' | 'notes'> & { settle: Settle }
const tags = ['pop']

/** `/api/v1/pop/settings` and `/api/v1/pop/links`: whether links may open a card, and the links. */
export function popLinkSettingRoutes(
  app: App,
  { popLinks, settle }: Pick<Deps, 'popLinks' | 'settle'>,
): void {
  app.get(
    '/pop/settings',
    {
      ...needs('calls:read'),
      schema: { tags, summary: 'Whether links may open a card', response: { 200: PopSettings } },
    },
    (request) => popLinks.settings(principalOf(request).tenantId),
  )
  app.patch(
    '/pop/settings',
    {
      ...needs('admin'),
      schema: {
        tags,
        summary: 'Let links open a card, or no longer',
        headers: ConditionHeaders,
        body: PopSettingsPatch,
        response: { 200: PopSettings },
      },
    },
    async (request) => settle(await popLinks.change(actor(request), request.body, conditionOn(request))),
  )
  app.post(
    '/pop/links/rotate',
    {
      ...needs('admin'),
      schema: { tags, summary: 'Make every link so far void', response: { 200: PopSettings } },
    },
    async (request) => settle(await popLinks.rotate(actor(request))),
  )
  app.post(
    '/pop/links',
    {
      ...needs('journal:write'),
      schema: {
        tags,
        summary: 'Make a link that opens the card of one number for a time',
        description:
          'For whoever may see that card: calls:read and directory:read beside journal:write. A user’s link is used in the user’s name; a token may say in whose (agent).',
        body: PopLinkInput,
        response: { 201: PopLink },
      },
    },
    async (request, reply) => {
      needsBook(request)
      const { scopes, session } = principalOf(request)
      if (!mayDo(scopes, 'calls:read'))
        throw new HubError('scope_missing', 'This takes the scope calls:read as well.')
      const agent = session === null ? (request.body.agent ?? null) : nameOf(request)
      const made = await popLinks.make(actor(request), everyCallReachOf(request), request.body, agent)
      return reply.code(201).send(await settle(made))
    },
  )
}

/** Beyond every session and token, which go by numbers of their own. */
const FIRST_LINK = 2 ** 45

/** `/api/v1/pop/link`: what the credential of a link opens, and nothing else. */
export function popLinkRoutes(app: App, deps: Deps & { access: Access }): void {
  const { access, pop, popLinks, dispositions, notes, settle } = deps
  const claims = new WeakMap<FastifyRequest, LinkClaim>()

  const claimOf = (request: FastifyRequest): LinkClaim => {
    const claim = claims.get(request)
    if (!claim) throw new Error('a link was not looked at')
    return claim
  }
  const authorOf = (request: FastifyRequest): Actor => {
    const { id, agent, tenantId } = claimOf(request)
    const name = agent === null ? 'link' : `link of ${agent}`
    return { kind: 'link', id, name, tenantId, requestId: request.id, address: request.ip }
  }
  const reach = ({ tenantId, reachHostId }: LinkClaim) => ({
    tenantId,
    hostId: reachHostId,
    departments: null,
  })
  const card = (request: FastifyRequest, lang?: string) => {
    const claim = claimOf(request)
    const { number, call, host } = claim
    const asked = { number, ...(call === null ? {} : { call }), ...(host === null ? {} : { host }) }
    const may = { write: true, attach: false }
    return pop.card(reach(claim), asked, { language: languageAsked(request, lang), may })
  }

  const linked = {
    ...needs('link'),
    async onRequest(request: FastifyRequest) {
      const token = tokenOfHeaders(request.headers) ?? ''
      const claim = await popLinks.open(token)
      if (claim === null || access.tenant(claim.tenantId) === null) {
        // Counts the failure, as for any credential that is none.
        access.authenticate({ token, address: request.ip, dialect: null, actAs: null })
        throw new HubError('unauthenticated', 'This link is not known, or was made void.')
      }
      claims.set(request, claim)
      admit(request, {
        tokenId: -(FIRST_LINK + claim.id),
        tokenName: 'link',
        tenantId: claim.tenantId,
        homeTenantId: claim.tenantId,
        scopes: new Set(),
        session: null,
        hostId: claim.reachHostId,
        departments: null,
        clearSecrets: false,
      })
    },
  }

  app.get(
    '/pop/link',
    {
      ...linked,
      schema: {
        tags,
        summary: 'The card of a link',
        querystring: Type.Object({ lang: Type.Optional(Type.String({ maxLength: 35 })) }),
        response: { 200: PopCard },
      },
    },
    (request) => card(request, request.query.lang),
  )
  app.post(
    '/pop/link/dispositions',
    {
      ...linked,
      schema: {
        tags,
        summary: 'Record what became of the call of a link; said again, it is corrected',
        body: LinkedDispositionInput,
        response: { 201: Disposition },
      },
    },
    async (request, reply) => {
      const { number, call, agent } = claimOf(request)
      const said = { ...request.body, number, call, agent }
      return reply.code(201).send(await settle(await dispositions.create(authorOf(request), said, null)))
    },
  )
  app.post(
    '/pop/link/notes',
    {
      ...linked,
      schema: {
        tags,
        summary: 'Write a note on whom the number of a link means, or on its call',
        body: LinkedNoteInput,
        response: { 201: Note },
      },
    },
    async (request, reply) => {
      const claim = claimOf(request)
      const { contact, customer, call, confidence } = await card(request)
      const sure = confidence >= 0.9
      const on =
        sure && contact
          ? { noteable_type: 'contact', noteable_id: contact.id }
          : sure && customer
            ? { noteable_type: 'customer', noteable_id: customer.id }
            : call?.record
              ? { noteable_type: 'call', noteable_id: call.record.id }
              : call?.live
                ? { noteable_type: 'live_call', noteable_id: call.live.call }
                : null
      if (on === null) throw invalid({ number: ['Means nobody known, and no call that could be noted on.'] })
      const writer = { actor: authorOf(request), reach: reach(claim), anybodys: false }
      const made = await notes.create(writer, { ...on, ...request.body }, claim.agent ?? 'link')
      return reply.code(201).send(await settle(made))
    },
  )
}
