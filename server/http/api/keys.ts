import type { FastifyRequest } from 'fastify'
import { ListQuery } from '../../../contract/common.ts'
import { KeyPage, Rotation } from '../../../contract/keys.ts'
import type { Access } from '../../access/access.ts'
import { HubError } from '../../platform/errors.ts'
import type { Keyring } from '../../platform/keyring.ts'
import { actor, needs, principalOf, type App } from '../app.ts'

/** `/api/v1/keys`: the data keys that protect stored secrets, of all tenants together. For the operator only. */
export function keyRoutes(app: App, { access, keyring }: { access: Access; keyring: Keyring }): void {
  const tags = ['keys']
  const onlyOperator = (request: FastifyRequest) => {
    if (principalOf(request).homeTenantId !== access.operatorTenantId()) {
      throw new HubError('forbidden', 'Only the operator sees and replaces the keys of stored secrets.')
    }
  }

  app.get(
    '/keys',
    {
      ...needs('admin'),
      schema: {
        tags,
        summary: 'List the data keys and how many values each protects',
        querystring: ListQuery,
        response: { 200: KeyPage },
      },
    },
    (request) => {
      onlyOperator(request)
      return keyring.list(request.query)
    },
  )
  app.post(
    '/keys/rotate',
    {
      ...needs('admin'),
      schema: {
        tags,
        summary: 'Replace the data key and seal every stored secret anew; answers when it is done',
        response: { 200: Rotation },
      },
    },
    (request) => {
      onlyOperator(request)
      return keyring.rotate(actor(request))
    },
  )
}
