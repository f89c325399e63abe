import { Type } from 'typebox'
import { IdParams } from '../../../contract/common.ts'
import { ConditionHeaders } from '../../../contract/headers.ts'
import {
  ProfileCalendar,
  ProfileCalendarDays,
  ProfileCalendarDaysQuery,
  ProfileCalendarInput,
} from '../../../contract/profile-calendars.ts'
import type { Calendars } from '../../routing/routing.ts'
import { actor, needs, principalOf, type App, type Settle } from '../app.ts'
import { conditionOn } from '../etags.ts'

const CALENDAR = 'text/calendar'

/** `/api/v1/profiles/:id/calendar`: holidays as iCalendar, given as text or fetched from an address. */
export function profileCalendarRoutes(
  app: App,
  { calendars, settle }: { calendars: Calendars; settle: Settle },
): void {
  const tags = ['profiles']

  void app.register(async (inner) => {
    const scope = inner as unknown as App
    scope.addContentTypeParser(CALENDAR, { parseAs: 'string' }, (_request, body, done) =>
      done(null, { ics: String(body) }),
    )
    scope.put(
      '/profiles/:id/calendar',
      {
        ...needs('calls:write'),
        schema: {
          tags,
          summary: 'Give a profile its holidays as iCalendar: the text itself, or JSON with `ics` or `url`',
          consumes: ['application/json', CALENDAR],
          params: IdParams,
          headers: ConditionHeaders,
          body: ProfileCalendarInput,
          response: { 200: ProfileCalendar },
        },
      },
      async (request) =>
        settle(await calendars.put(actor(request), request.params.id, request.body, conditionOn(request))),
    )
  })
  app.get(
    '/profiles/:id/calendar',
    {
      ...needs('calls:read'),
      schema: {
        tags,
        summary: 'The calendar of a profile, and how fresh it is',
        params: IdParams,
        response: { 200: ProfileCalendar },
      },
    },
    (request) => calendars.get(principalOf(request).tenantId, request.params.id),
  )
  app.get(
    '/profiles/:id/calendar/text',
    {
      ...needs('calls:read'),
      schema: {
        tags,
        summary: 'The text of a profile’s calendar',
        params: IdParams,
        produces: [CALENDAR],
        response: { 200: Type.Any() },
      },
    },
    async (request, reply) =>
      reply
        .type(`${CALENDAR}; charset=utf-8`)
        .send(await calendars.text(principalOf(request).tenantId, request.params.id)),
  )
  app.get(
    '/profiles/:id/calendar/days',
    {
      ...needs('calls:read'),
      schema: {
        tags,
        summary: 'When a profile is closed by its calendar',
        params: IdParams,
        querystring: ProfileCalendarDaysQuery,
        response: { 200: ProfileCalendarDays },
      },
    },
    (request) => calendars.days(principalOf(request).tenantId, request.params.id, request.query),
  )
  app.delete(
    '/profiles/:id/calendar',
    {
      ...needs('calls:write'),
      schema: {
        tags,
        summary: 'Take a profile’s calendar away',
        params: IdParams,
        headers: ConditionHeaders,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) =>
      reply
        .code(204)
        .send(await settle(await calendars.remove(actor(request), request.params.id, conditionOn(request)))),
  )
}
