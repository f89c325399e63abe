import { Type } from 'typebox'
import { IdParams, ListQuery } from '../../../contract/common.ts'
import { ConditionHeaders } from '../../../contract/headers.ts'
import {
  Delivery,
  DeliveryPage,
  DeliveryParams,
  Replayed,
  SecretRotation,
  Webhook,
  WebhookInput,
  WebhookPage,
  WebhookPatch,
  WebhookTest,
  WebhookWithSecret,
} from '../../../contract/webhooks.ts'
import type { Journal } from '../../journal/journal.ts'
import { actor, needs, principalOf, type App, type Settle } from '../app.ts'
import { conditionOn } from '../etags.ts'

/** `/api/v1/webhooks`: who is told of events, what was sent to them and what came of it. */
export function webhookRoutes(
  app: App,
  { webhooks, deliveries, settle }: Pick<Journal, 'webhooks' | 'deliveries'> & { settle: Settle },
): void {
  const tags = ['webhooks']
  app.get(
    '/webhooks',
    {
      ...needs('admin'),
      schema: {
        tags,
        summary: 'List webhooks; filter[active] = true or false',
        querystring: ListQuery,
        response: { 200: WebhookPage },
      },
    },
    (request) => webhooks.list(principalOf(request).tenantId, request.query),
  )
  app.post(
    '/webhooks',
    {
      ...needs('admin'),
      schema: {
        tags,
        summary: 'Create a webhook',
        description: 'The answer holds the secret that signs deliveries, which is shown this one time.',
        body: WebhookInput,
        response: { 201: WebhookWithSecret },
      },
    },
    async (request, reply) =>
      reply.code(201).send(await settle(await webhooks.create(actor(request), request.body))),
  )
  app.get(
    '/webhooks/:id',
    {
      ...needs('admin'),
      schema: { tags, summary: 'Read a webhook', params: IdParams, response: { 200: Webhook } },
    },
    (request) => webhooks.get(principalOf(request).tenantId, request.params.id),
  )
  for (const method of ['PUT', 'PATCH'] as const) {
    app.route({
      method,
      url: '/webhooks/:id',
      ...needs('admin'),
      schema: {
        tags,
        summary: 'Change a webhook; active = true lets one go on that was switched off',
        params: IdParams,
        headers: ConditionHeaders,
        body: WebhookPatch,
        response: { 200: Webhook },
      },
      handler: async (request) =>
        settle(await webhooks.update(actor(request), request.params.id, request.body, conditionOn(request))),
    })
  }
  app.delete(
    '/webhooks/:id',
    {
      ...needs('admin'),
      schema: {
        tags,
        summary: 'Delete a webhook with what waits for it and its log',
        params: IdParams,
        headers: ConditionHeaders,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      await settle(await webhooks.remove(actor(request), request.params.id, conditionOn(request)))
      return reply.code(204).send(null)
    },
  )
  app.post(
    '/webhooks/:id/rotate-secret',
    {
      ...needs('admin'),
      schema: {
        tags,
        summary: 'Replace the secret',
        description:
          'For `overlap_seconds` (a day unless told otherwise) deliveries carry two signatures, by the new secret and by the former one. The answer holds the new secret, which is shown this one time.',
        params: IdParams,
        body: SecretRotation,
        response: { 200: WebhookWithSecret },
      },
    },
    async (request) => {
      const { overlap_seconds = 86_400 } = request.body
      return settle(await webhooks.rotateSecret(actor(request), request.params.id, overlap_seconds))
    },
  )
  app.post(
    '/webhooks/:id/test',
    {
      ...needs('admin'),
      schema: {
        tags,
        summary: 'Send a test delivery at once',
        description: 'Of the kind `test`, with the id 0; it is no event and is not repeated.',
        params: IdParams,
        response: { 200: WebhookTest },
      },
    },
    (request) => deliveries.test(actor(request), request.params.id),
  )
  app.get(
    '/webhooks/:id/deliveries',
    {
      ...needs('admin'),
      schema: {
        tags,
        summary: 'List what was sent to a webhook and what came of it',
        description: 'Filters: state (waiting, delivered, dead), kind, event_id.',
        params: IdParams,
        querystring: ListQuery,
        response: { 200: DeliveryPage },
      },
    },
    (request) => deliveries.list(principalOf(request).tenantId, request.params.id, request.query),
  )
  app.post(
    '/webhooks/:id/deliveries/:delivery/redeliver',
    {
      ...needs('admin'),
      schema: {
        tags,
        summary: 'Send a delivery once more, whatever came of it',
        params: DeliveryParams,
        response: { 200: Delivery },
      },
    },
    async (request) => {
      const { id, delivery } = request.params
      return settle(await deliveries.redeliver(actor(request), id, delivery))
    },
  )
  app.post(
    '/webhooks/:id/replay',
    {
      ...needs('admin'),
      schema: {
        tags,
        summary: 'Send every dead delivery of a webhook once more',
        params: IdParams,
        response: { 200: Replayed },
      },
    },
    async (request) => settle(await deliveries.replay(actor(request), request.params.id)),
  )
}
