import { Type } from 'typebox'
import { IdParams, ListQuery } from '../../../contract/common.ts'
import { ConditionHeaders } from '../../../contract/headers.ts'
import { CreatedUser, Invitation, User, UserInput, UserPage, UserPatch } from '../../../contract/users.ts'
import type { Access } from '../../access/access.ts'
import { actor, needs, principalOf, type App, type Settle } from '../app.ts'
import { conditionOn } from '../etags.ts'

/** `/api/v1/users`: who belongs to the tenant. Passwords are written, never read. */
export function userRoutes(app: App, { access, settle }: { access: Access; settle: Settle }): void {
  const { users } = access
  const tags = ['users']
  app.get(
    '/users',
    {
      ...needs('admin'),
      schema: {
        tags,
        summary: 'List users; filter[email]',
        querystring: ListQuery,
        response: { 200: UserPage },
      },
    },
    (request) => users.list(principalOf(request).tenantId, request.query),
  )
  app.post(
    '/users',
    {
      ...needs('admin'),
      schema: {
        tags,
        summary: 'Create a user; without a password the answer holds an invitation to set one',
        body: UserInput,
        response: { 201: CreatedUser },
      },
    },
    async (request, reply) =>
      reply.code(201).send(await settle(await users.create(actor(request), request.body))),
  )
  app.get(
    '/users/:id',
    {
      ...needs('admin'),
      schema: { tags, summary: 'Read a user', params: IdParams, response: { 200: User } },
    },
    (request) => users.get(principalOf(request).tenantId, request.params.id),
  )
  for (const method of ['PUT', 'PATCH'] as const) {
    app.route({
      method,
      url: '/users/:id',
      ...needs('admin'),
      schema: {
        tags,
        summary: 'Change a user; another password, or no longer active, ends all sessions',
        params: IdParams,
        headers: ConditionHeaders,
        body: UserPatch,
        response: { 200: User },
      },
      handler: async (request) =>
        settle(await users.update(actor(request), request.params.id, request.body, conditionOn(request))),
    })
  }
  app.delete(
    '/users/:id',
    {
      ...needs('admin'),
      schema: {
        tags,
        summary: 'Delete a user with sessions and memberships',
        params: IdParams,
        headers: ConditionHeaders,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      await settle(await users.remove(actor(request), request.params.id, conditionOn(request)))
      return reply.code(204).send(null)
    },
  )
  app.post(
    '/users/:id/invitation',
    {
      ...needs('admin'),
      schema: {
        tags,
        summary: 'Invite a user to set a password; an invitation before this one is void',
        params: IdParams,
        response: { 201: Invitation },
      },
    },
    async (request, reply) =>
      reply.code(201).send(await settle(await users.invite(actor(request), request.params.id))),
  )
}
