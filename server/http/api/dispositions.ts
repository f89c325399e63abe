import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { IdParams, ListQuery } from '../../../contract/common.ts'
import {
  Disposition,
  DispositionCode,
  DispositionCodeInput,
  DispositionCodeList,
  DispositionInput,
  DispositionLabelsInput,
  DispositionPage,
  DispositionPatch,
} from '../../../contract/dispositions.ts'
import { ConditionHeaders } from '../../../contract/headers.ts'
import { mayDo } from '../../access/access.ts'
import type { Journal } from '../../journal/journal.ts'
import { actor, needs, principalOf, type App, type Settle } from '../app.ts'
import { conditionOn } from '../etags.ts'
import { languageAsked } from '../languages.ts'
import { nameOf } from './notes.ts'

const InLanguage = Type.Object({
  lang: Type.Optional(
    Type.String({
      maxLength: 35,
      description: 'en, fr, ro or de; default: the user’s, else what Accept-Language says, else en.',
    }),
  ),
})

/** Who spoke is who is signed in, whatever else is sent; a token says it. */
function asSignedIn(request: FastifyRequest, body: DispositionInput): DispositionInput {
  return principalOf(request).session === null ? body : { ...body, agent: nameOf(request) }
}

const mayCorrectAll = (request: FastifyRequest) => {
  const { session, scopes } = principalOf(request)
  return session === null || mayDo(scopes, 'calls:write')
}

type Deps = Pick<Journal, 'dispositions' | 'codes'> & { settle: Settle }

/** `/api/v1/dispositions`: what became of calls; `/api/v1/disposition-codes`: what may have become of them. */
export function dispositionRoutes(app: App, { dispositions, codes, settle }: Deps): void {
  const tags = ['dispositions']

  app.get(
    '/dispositions',
    {
      ...needs('calls:read'),
      schema: {
        tags,
        summary: 'List dispositions',
        description:
          'Filters: number (any spelling), customer_id, contact_id, status, agent, from and to (a day in the tenant’s zone or an instant; `to` is not included).',
        querystring: ListQuery,
        response: { 200: DispositionPage },
      },
    },
    (request) => dispositions.list(principalOf(request).tenantId, request.query),
  )
  app.post(
    '/dispositions',
    {
      ...needs('journal:write'),
      schema: {
        tags,
        summary: 'Record what became of a call; a repetition is answered with the first record',
        body: DispositionInput,
        response: { 201: Disposition },
      },
    },
    async (request, reply) => {
      const key = request.headers['idempotency-key']
      const made = await dispositions.create(
        actor(request),
        asSignedIn(request, request.body),
        typeof key === 'string' ? key : null,
      )
      return reply.code(201).send(await settle(made))
    },
  )
  app.get(
    '/dispositions/:id',
    {
      ...needs('calls:read'),
      schema: { tags, summary: 'Read a disposition', params: IdParams, response: { 200: Disposition } },
    },
    (request) => dispositions.get(principalOf(request).tenantId, request.params.id),
  )
  for (const method of ['PUT', 'PATCH'] as const) {
    app.route({
      method,
      url: '/dispositions/:id',
      ...needs('journal:write'),
      schema: {
        tags,
        summary: 'Correct a disposition; callback and do-not-call follow',
        description: 'A user with the role agent corrects what they recorded themselves.',
        params: IdParams,
        headers: ConditionHeaders,
        body: DispositionPatch,
        response: { 200: Disposition },
      },
      handler: async (request) => {
        const ownOnly = !mayCorrectAll(request)
        const options = { condition: conditionOn(request), ownOnly }
        const { agent, ...rest } = request.body
        const patch = ownOnly || agent === undefined ? rest : { ...rest, agent }
        return settle(await dispositions.update(actor(request), request.params.id, patch, options))
      },
    })
  }

  app.get(
    '/disposition-codes',
    {
      ...needs('calls:read'),
      schema: {
        tags,
        summary: 'List the statuses there are, with their labels',
        querystring: InLanguage,
        response: { 200: DispositionCodeList },
      },
    },
    (request) => codes.list(principalOf(request).tenantId, languageAsked(request, request.query.lang)),
  )
  app.post(
    '/disposition-codes',
    {
      ...needs('calls:write'),
      schema: {
        tags,
        summary: 'Add a status of your own',
        querystring: InLanguage,
        body: DispositionCodeInput,
        response: { 201: DispositionCode },
      },
    },
    async (request, reply) => {
      const language = languageAsked(request, request.query.lang)
      return reply.code(201).send(await settle(await codes.create(actor(request), request.body, language)))
    },
  )
  app.get(
    '/disposition-codes/:id',
    {
      ...needs('calls:read'),
      schema: {
        tags,
        summary: 'Read a status of your own',
        params: IdParams,
        querystring: InLanguage,
        response: { 200: DispositionCode },
      },
    },
    (request) => {
      const language = languageAsked(request, request.query.lang)
      return codes.get(principalOf(request).tenantId, request.params.id, language)
    },
  )
  app.delete(
    '/disposition-codes/:id',
    {
      ...needs('calls:write'),
      schema: {
        tags,
        summary: 'Delete a status of your own; dispositions keep it',
        params: IdParams,
        querystring: InLanguage,
        headers: ConditionHeaders,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const language = languageAsked(request, request.query.lang)
      const removed = codes.remove(actor(request), request.params.id, conditionOn(request), language)
      return reply.code(204).send(await settle(await removed))
    },
  )
  for (const method of ['PUT', 'PATCH'] as const) {
    app.route({
      method,
      url: '/disposition-labels/:code',
      ...needs('calls:write'),
      schema: {
        tags,
        summary: 'Label a status in the languages given; null takes a label of your own away',
        params: Type.Object({ code: Type.String({ maxLength: 40 }) }),
        querystring: InLanguage,
        headers: ConditionHeaders,
        body: DispositionLabelsInput,
        response: { 200: DispositionCode },
      },
      handler: async (request) => {
        const language = languageAsked(request, request.query.lang)
        const { code } = request.params
        const told = codes.relabel(actor(request), code, request.body, conditionOn(request), language)
        return settle(await told)
      },
    })
  }
}
