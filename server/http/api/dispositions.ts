import { Type } from 'typebox'
import { IdParams, ListQuery } from '../../../contract/common.ts'
import {
  Disposition,
  DispositionCode,
  DispositionCodeInput,
  DispositionCodeList,
  DispositionInput,
  DispositionPage,
  DispositionPatch,
} from '../../../contract/dispositions.ts'
import { ConditionHeaders } from '../../../contract/headers.ts'
import type { Journal } from '../../journal/journal.ts'
import { actor, needs, principalOf, type App, type Settle } from '../app.ts'
import { conditionOn } from '../etags.ts'

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
        request.body,
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
        params: IdParams,
        headers: ConditionHeaders,
        body: DispositionPatch,
        response: { 200: Disposition },
      },
      handler: async (request) =>
        settle(
          await dispositions.update(actor(request), request.params.id, request.body, conditionOn(request)),
        ),
    })
  }

  app.get(
    '/disposition-codes',
    {
      ...needs('calls:read'),
      schema: { tags, summary: 'List the statuses there are', response: { 200: DispositionCodeList } },
    },
    (request) => codes.list(principalOf(request).tenantId),
  )
  app.post(
    '/disposition-codes',
    {
      ...needs('calls:write'),
      schema: {
        tags,
        summary: 'Add a status of your own',
        body: DispositionCodeInput,
        response: { 201: DispositionCode },
      },
    },
    async (request, reply) =>
      reply.code(201).send(await settle(await codes.create(actor(request), request.body))),
  )
  app.get(
    '/disposition-codes/:id',
    {
      ...needs('calls:read'),
      schema: {
        tags,
        summary: 'Read a status of your own',
        params: IdParams,
        response: { 200: DispositionCode },
      },
    },
    (request) => codes.get(principalOf(request).tenantId, request.params.id),
  )
  app.delete(
    '/disposition-codes/:id',
    {
      ...needs('calls:write'),
      schema: {
        tags,
        summary: 'Delete a status of your own; dispositions keep it',
        params: IdParams,
        headers: ConditionHeaders,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) =>
      reply
        .code(204)
        .send(await settle(await codes.remove(actor(request), request.params.id, conditionOn(request)))),
  )
}
