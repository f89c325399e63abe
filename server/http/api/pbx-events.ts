import { ListQuery } from '../../../contract/common.ts'
import { PbxEventPage } from '../../../contract/pbx-events.ts'
import type { Journal } from '../../journal/journal.ts'
import { HubError } from '../../platform/errors.ts'
import { needs, type App } from '../app.ts'
import { everyCallReachOf } from './reach.ts'

/** `/api/v1/pbx-events`: what PBXs said of calls, as they said it. */
export function pbxEventRoutes(app: App, { pbxEvents }: Pick<Journal, 'pbxEvents'>): void {
  app.get(
    '/pbx-events',
    {
      ...needs('calls:read'),
      schema: {
        tags: ['pbx-events'],
        summary: 'List what PBXs said of calls',
        description:
          'Filters: event, call, number (any spelling), agent, queue, customer_id, contact_id, from and to (a day in the tenant’s zone or an instant; `to` is not included).',
        querystring: ListQuery,
        response: { 200: PbxEventPage },
      },
    },
    (request) => {
      const { tenantId, hostId } = everyCallReachOf(request)
      if (hostId !== null)
        throw new HubError(
          'forbidden',
          'These events do not say which PBX host they are of: a token of one host does not see them.',
        )
      return pbxEvents.list(tenantId, request.query)
    },
  )
}
