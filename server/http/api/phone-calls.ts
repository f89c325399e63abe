import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { Id, IdParams } from '../../../contract/common.ts'
import { ConditionHeaders } from '../../../contract/headers.ts'
import { CALL_DIRECTIONS, CALL_STATUSES } from '../../../contract/pbx3cx-calls.ts'
import { PhoneCall, PhoneCallInput, PhoneCallPage, PhoneCallPatch } from '../../../contract/phone-calls.ts'
import type { Fleet } from '../../fleet/fleet.ts'
import { PHONE_CALL_COLUMNS, type Journal } from '../../journal/journal.ts'
import { invalid } from '../../platform/errors.ts'
import { actor, needs, type App, type Settle } from '../app.ts'
import { conditionOn } from '../etags.ts'
import { takesEitherSpelling } from '../spellings.ts'
import { FilteredQuery, pagingOf, takesFilters } from './bare-lists.ts'
import { nameOf } from './notes.ts'
import { callReachOf, forbidDepartmentTokens, reachOf } from './reach.ts'

const PER_PAGE = 20
const Query = FilteredQuery({
  contact_id: Type.Optional(Id),
  customer_id: Type.Optional(Id),
  pbx3cx_host_id: Type.Optional(Id),
  from: Type.Optional(Type.String({ maxLength: 40 })),
  to: Type.Optional(Type.String({ maxLength: 40 })),
  number: Type.Optional(Type.String({ maxLength: 200 })),
  status: Type.Optional(Type.Enum([...CALL_STATUSES, 'completed'])),
  direction: Type.Optional(Type.Enum([...CALL_DIRECTIONS])),
})

type Deps = Pick<Journal, 'phoneCalls'> & { fleet: Fleet; settle: Settle }

/** `/api/v1/phone-calls`: calls as other clients of this API family tell and read them. PUT and PATCH both merge. */
export function phoneCallRoutes(app: App, { phoneCalls, fleet, settle }: Deps): void {
  const tags = ['phone calls']

  /** The PBX of a call that does not name one. 422 on `pbx3cx_host_id`. */
  const hostOf = async (
    request: FastifyRequest,
    given: PhoneCallInput['pbx3cx_host_id'],
  ): Promise<number> => {
    if (given !== undefined && given !== null) return Number(given)
    // A credential of one host sees that one only.
    const asked = { page: 1, perPage: 2, sort: [], filters: {} }
    const { data } = await fleet.hosts.list(reachOf(request), {}, asked)
    const [only, another] = data
    if (only !== undefined && another === undefined) return only.id
    const why =
      only === undefined ? 'There is no PBX host yet: register one.' : 'Say which: there are several.'
    throw invalid({ pbx3cx_host_id: [why] })
  }

  app.get(
    '/phone-calls',
    {
      ...needs('calls:read'),
      ...takesFilters(),
      schema: {
        tags,
        summary: 'List calls, newest first, with the note that came with each',
        querystring: Query,
        response: { 200: PhoneCallPage },
      },
    },
    (request) => {
      const { page, per_page, sort, status, ...filters } = request.query
      const { sort: by } = pagingOf({ sort }, PHONE_CALL_COLUMNS)
      const asked = { page: page ?? 1, perPage: per_page ?? PER_PAGE, sort: by, filters: {} }
      const wanted = status === 'completed' ? 'answered' : status
      return phoneCalls.list(callReachOf(request), { ...filters, status: wanted }, asked)
    },
  )
  app.post(
    '/phone-calls',
    {
      ...needs('journal:write'),
      ...takesEitherSpelling(PhoneCallInput),
      schema: {
        tags,
        summary: 'Tell of a call; subject and body become a note. The same call again is stored once',
        body: PhoneCallInput,
        response: { 201: PhoneCall },
      },
    },
    async (request, reply) => {
      forbidDepartmentTokens(request)
      const pbx3cx_host_id = await hostOf(request, request.body.pbx3cx_host_id)
      const input = { ...request.body, pbx3cx_host_id }
      const made = phoneCalls.create(actor(request), callReachOf(request), input, nameOf(request))
      return reply.code(201).send(await settle(await made))
    },
  )
  app.get(
    '/phone-calls/:id',
    {
      ...needs('calls:read'),
      schema: { tags, summary: 'Read a call', params: IdParams, response: { 200: PhoneCall } },
    },
    (request) => phoneCalls.get(callReachOf(request), request.params.id),
  )
  for (const method of ['PUT', 'PATCH'] as const) {
    app.route({
      method,
      url: '/phone-calls/:id',
      ...needs('calls:write'),
      ...takesEitherSpelling(PhoneCallPatch),
      schema: {
        tags,
        summary: 'Change a call that was told of here; of others whom it was with, subject and body',
        params: IdParams,
        headers: ConditionHeaders,
        body: PhoneCallPatch,
        response: { 200: PhoneCall },
      },
      handler: async (request) => {
        forbidDepartmentTokens(request)
        const options = { name: nameOf(request), condition: conditionOn(request) }
        const { params, body } = request
        return settle(await phoneCalls.update(actor(request), callReachOf(request), params.id, body, options))
      },
    })
  }
}
