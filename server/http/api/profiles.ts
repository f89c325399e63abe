import { Type } from 'typebox'
import { IdParams, ListQuery } from '../../../contract/common.ts'
import { ConditionHeaders } from '../../../contract/headers.ts'
import { Profile, ProfileInput, ProfilePage, ProfilePatch } from '../../../contract/profiles.ts'
import type { Profiles } from '../../routing/routing.ts'
import { actor, needs, principalOf, type App, type Settle } from '../app.ts'
import { conditionOn } from '../etags.ts'

/** `/api/v1/profiles`: how calls to which numbers are answered. PUT and PATCH both merge. */
export function profileRoutes(app: App, { profiles, settle }: { profiles: Profiles; settle: Settle }): void {
  const tags = ['profiles']

  app.get(
    '/profiles',
    {
      ...needs('calls:read'),
      schema: { tags, summary: 'List profiles', querystring: ListQuery, response: { 200: ProfilePage } },
    },
    (request) => profiles.list(principalOf(request).tenantId, request.query),
  )
  app.post(
    '/profiles',
    {
      ...needs('calls:write'),
      schema: { tags, summary: 'Create a profile', body: ProfileInput, response: { 201: Profile } },
    },
    async (request, reply) =>
      reply.code(201).send(await settle(await profiles.create(actor(request), request.body))),
  )
  app.get(
    '/profiles/:id',
    {
      ...needs('calls:read'),
      schema: { tags, summary: 'Read a profile', params: IdParams, response: { 200: Profile } },
    },
    (request) => profiles.get(principalOf(request).tenantId, request.params.id),
  )
  for (const method of ['PUT', 'PATCH'] as const) {
    app.route({
      method,
      url: '/profiles/:id',
      ...needs('calls:write'),
      schema: {
        tags,
        summary: 'Change a profile',
        params: IdParams,
        headers: ConditionHeaders,
        body: ProfilePatch,
        response: { 200: Profile },
      },
      handler: async (request) =>
        settle(await profiles.update(actor(request), request.params.id, request.body, conditionOn(request))),
    })
  }
  app.delete(
    '/profiles/:id',
    {
      ...needs('calls:write'),
      schema: {
        tags,
        summary: 'Delete a profile',
        params: IdParams,
        headers: ConditionHeaders,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) =>
      reply
        .code(204)
        .send(await settle(await profiles.remove(actor(request), request.params.id, conditionOn(request)))),
  )
}
