import { Type } from 'typebox'
import type { FastifyRequest } from 'fastify'
import { Id } from '../../../contract/common.ts'
import { ClickToCall, HostLive, LiveEvent, LiveQuery, PlacedCall } from '../../../contract/live.ts'
import type { Phone } from '../../../contract/users.ts'
import type { Access } from '../../access/access.ts'
import type { Fleet } from '../../fleet/fleet.ts'
import type { Live, Viewer } from '../../live/live.ts'
import { HubError, invalid } from '../../platform/errors.ts'
import { actor, needs, principalOf, type App } from '../app.ts'
import { everyCallReachOf, reachOf } from './reach.ts'

type Deps = { access: Access; fleet: Fleet; live: Live }

const HostParams = Type.Object({ host: Id })
const tags = ['live calls']

/** The last event a client that comes back has; null for one that begins, and for what is none of ours. */
function lastEventId({ headers }: FastifyRequest): number | null {
  const text = headers['last-event-id']
  return typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : null
}

/** Of a session the own phones as they are at any moment; null for a token, which sees all. */
function phonesOf(access: Access, request: FastifyRequest): (() => Phone[]) | null {
  const { session, tenantId } = principalOf(request)
  return session && (() => access.phonesOf(tenantId, session.user.id))
}

/** `/api/v1/live`: calls as they happen; `/api/v1/click-to-call`: calls from the screen. */
export function liveRoutes(app: App, { access, fleet, live }: Deps): void {
  app.get(
    '/live',
    {
      ...needs('calls:read'),
      schema: {
        tags,
        summary:
          'Live calls as server-sent events: to a session those of its own phones, to a token all; each event’s data is a LiveEvent, see docs/live-calls.md',
        querystring: LiveQuery,
        headers: Type.Object({
          'last-event-id': Type.Optional(
            Type.String({
              maxLength: 100,
              description: 'The last event the client has: it gets what it missed.',
            }),
          ),
        }),
        produces: ['text/event-stream'],
        // Of each event; a stream is not serialised by it.
        response: { 200: LiveEvent },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request)
      const { host } = request.query
      const phones = phonesOf(access, request)
      if (phones === null) everyCallReachOf(request)
      if (host !== undefined) await fleet.hosts.get(reachOf(request), host)
      const viewer: Viewer = {
        tenantId: principal.tenantId,
        hostId: host ?? principal.hostId,
        phones,
        stands: () => access.stands(principal, 'calls:read'),
      }
      return reply
        .type('text/event-stream; charset=utf-8')
        .header('x-accel-buffering', 'no')
        .send(live.stream(viewer, lastEventId(request)) as never)
    },
  )
  app.get(
    '/pbx3cx/:host/live',
    {
      ...needs('calls:read'),
      schema: {
        tags,
        summary: 'How the live calls of a PBX are watched, and those that go on',
        params: HostParams,
        response: { 200: HostLive },
      },
    },
    (request) => live.ofHost(everyCallReachOf(request), request.params.host),
  )
  app.post(
    '/click-to-call',
    {
      ...needs('calls:place'),
      schema: {
        tags,
        summary: 'Let a phone ring and dial a number',
        body: ClickToCall,
        response: { 201: PlacedCall },
      },
    },
    async (request, reply) => {
      const { number, override = false } = request.body
      const { host_id, extension } = phoneFor(request, phonesOf(access, request))
      const call = { hostId: host_id, extension, number, override }
      return reply.code(201).send(await live.placeCall(actor(request), call))
    },
  )
}

/** Which phone is to ring: one of the user's own, or the one a token names. */
function phoneFor(request: FastifyRequest<{ Body: ClickToCall }>, own: (() => Phone[]) | null): Phone {
  const { extension, host_id = principalOf(request).hostId ?? undefined } = request.body
  if (own === null) {
    const named = { host_id: ['Is needed: which PBX?'], extension: ['Is needed: which phone is to ring?'] }
    if (host_id === undefined || extension === undefined) throw invalid(named)
    // Another PBX than the token's is none it knows of.
    if (host_id !== (principalOf(request).hostId ?? host_id))
      throw new HubError('not_found', 'PBX host not found')
    return { host_id, extension }
  }
  const phones = own()
  const fitting = phones.filter(
    (phone) =>
      phone.host_id === (host_id ?? phone.host_id) && phone.extension === (extension ?? phone.extension),
  )
  const [only] = fitting
  if (only && fitting.length === 1) return only
  const mine = phones.map((phone) => `${phone.extension} at host ${phone.host_id}`).join(', ')
  if (phones.length === 0)
    throw invalid({ extension: ['You have no phone here: an administrator adds one to your membership.'] })
  if (fitting.length > 1)
    throw invalid({ extension: [`You have several phones; name one of them: ${mine}.`] })
  throw new HubError('forbidden', `That is none of your phones, which are: ${mine}.`)
}
