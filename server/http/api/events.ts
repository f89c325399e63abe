import { EventFeed, EventQuery } from '../../../contract/events.ts'
import type { Journal } from '../../journal/journal.ts'
import { needs, type App } from '../app.ts'
import { everyCallReachOf } from './reach.ts'

/** `/api/v1/events`: what happened, for those who poll. */
export function eventRoutes(app: App, { events }: Pick<Journal, 'events'>): void {
  app.get(
    '/events',
    {
      ...needs('calls:read'),
      schema: {
        tags: ['events'],
        summary: 'Read events in the order in which they became known',
        description:
          'Go on with `after` = `next_cursor` of the answer before: no event is skipped and none comes twice. `kind` takes one kind or several with commas between them, `host` a PBX, `from` a day in the tenant’s zone or an instant. A token of one PBX host sees that host’s events alone.',
        querystring: EventQuery,
        response: { 200: EventFeed },
      },
    },
    (request) => events.list(everyCallReachOf(request), request.query),
  )
}
