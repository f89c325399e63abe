import { Type } from 'typebox'
import { Id, IdParams } from '../../../contract/common.ts'
import { ConditionHeaders } from '../../../contract/headers.ts'
import {
  CALL_DIRECTIONS,
  CALL_STATUSES,
  Call,
  CallDetails,
  CallList,
  CallLogState,
  CallRecord,
  CallRecordList,
  RecordInput,
  RecordPatch,
} from '../../../contract/pbx3cx-calls.ts'
import { Removed } from '../../../contract/pbx3cx-hosts.ts'
import { CALL_COLUMNS, RECORD_COLUMNS, type Journal } from '../../journal/journal.ts'
import { actor, needs, type App, type Settle } from '../app.ts'
import { conditionOn } from '../etags.ts'
import { takesEitherSpelling } from '../spellings.ts'
import { FilteredQuery, bareOrPage, pagingOf, takesFilters } from './bare-lists.ts'
import { callReachOf, forbidDepartmentTokens } from './reach.ts'

const filters = {
  pbx3cx_host_id: Type.Optional(Id),
  from: Type.Optional(Type.String({ maxLength: 40 })),
  to: Type.Optional(Type.String({ maxLength: 40 })),
  number: Type.Optional(Type.String({ maxLength: 200 })),
  agent: Type.Optional(Type.String({ maxLength: 200 })),
  queue: Type.Optional(Type.String({ maxLength: 200 })),
  status: Type.Optional(Type.Enum([...CALL_STATUSES])),
  direction: Type.Optional(Type.Enum([...CALL_DIRECTIONS])),
}
const RecordsQuery = FilteredQuery({ ...filters, cursor: Type.Optional(Type.String({ maxLength: 40 })) })
const CallsQuery = FilteredQuery(filters)

type Deps = Pick<Journal, 'records' | 'calls'> & { settle: Settle }

/** `/api/v1/pbx3cx_calls`: raw records of calls. */
export function pbx3cxCallRoutes(app: App, { records, settle }: Deps): void {
  const tags = ['PBX calls']
  const path = '/pbx3cx_calls'

  app.get(
    path,
    {
      ...needs('calls:read'),
      ...takesFilters(),
      schema: {
        tags,
        summary: 'List records of calls, newest first with a cursor, or with page in the usual envelope',
        querystring: RecordsQuery,
        response: { 200: CallRecordList },
      },
    },
    (request) => {
      const { query } = request
      const reach = callReachOf(request)
      if (query.page !== undefined) return records.list(reach, query, pagingOf(query, RECORD_COLUMNS))
      return records.page(reach, query, { cursor: query.cursor ?? null, perPage: query.per_page ?? 20 })
    },
  )
  app.post(
    path,
    {
      ...needs('calls:write'),
      ...takesEitherSpelling(RecordInput),
      schema: {
        tags,
        summary: 'Store a record of a call; the same record again is stored once and answered as the first',
        body: RecordInput,
        response: { 201: CallRecord },
      },
    },
    async (request, reply) => {
      forbidDepartmentTokens(request)
      const made = await records.create(actor(request), callReachOf(request), request.body)
      return reply.code(201).send(await settle(made))
    },
  )
  app.get(
    `${path}/:id`,
    {
      ...needs('calls:read'),
      schema: { tags, summary: 'Read a record of a call', params: IdParams, response: { 200: CallRecord } },
    },
    (request) => records.get(callReachOf(request), request.params.id),
  )
  for (const [method, status] of [
    ['PUT', 201],
    ['PATCH', 200],
  ] as const) {
    app.route({
      method,
      url: `${path}/:id`,
      ...needs('calls:write'),
      ...takesEitherSpelling(RecordPatch),
      schema: {
        tags,
        summary: 'Correct a record of a call: absent = unchanged, null = cleared',
        params: IdParams,
        headers: ConditionHeaders,
        body: RecordPatch,
        response: { [status]: CallRecord },
      },
      handler: async (request, reply) => {
        forbidDepartmentTokens(request)
        const { params, body } = request
        const condition = conditionOn(request)
        const changed = await records.update(actor(request), callReachOf(request), params.id, body, condition)
        return reply.code(status).send(await settle(changed))
      },
    })
  }
  app.delete(
    `${path}/:id`,
    {
      ...needs('calls:write'),
      schema: {
        tags,
        summary: 'Remove a record of a call',
        params: IdParams,
        headers: ConditionHeaders,
        response: { 201: Removed },
      },
    },
    async (request, reply) => {
      forbidDepartmentTokens(request)
      const condition = conditionOn(request)
      await settle(await records.remove(actor(request), callReachOf(request), request.params.id, condition))
      return reply.code(201).send({ message: 'The record was removed.' })
    },
  )
}

/** `/api/v1/pbx3cx-hosts/{id}/call-log`: how the host's own log is read. */
export function pbx3cxCallLogStateRoute(app: App, { callLogs }: Pick<Journal, 'callLogs'>): void {
  app.get(
    '/pbx3cx-hosts/:id/call-log',
    {
      ...needs('fleet:read'),
      schema: {
        tags: ['PBX hosts'],
        summary: "Tell how far the host's own call log has been read, and what went wrong",
        params: IdParams,
        response: { 200: CallLogState },
      },
    },
    (request) => callLogs.state(callReachOf(request), request.params.id),
  )
}

/** `/api/v1/pbx3cx-call-logs` and `pbx3cx-call-log-details`: calls as people mean them. */
export function pbx3cxCallLogRoutes(app: App, { calls, settle }: Deps): void {
  const tags = ['PBX calls']
  const path = '/pbx3cx-call-logs'

  app.get(
    path,
    {
      ...needs('calls:read'),
      ...takesFilters(),
      schema: {
        tags,
        summary: 'List the calls that may be seen: a bare array, pages with page or per_page',
        querystring: CallsQuery,
        response: { 200: CallList },
      },
    },
    (request, reply) =>
      bareOrPage(request, reply, CALL_COLUMNS, (asked) =>
        calls.list(callReachOf(request), request.query, asked),
      ),
  )
  app.post(
    path,
    {
      ...needs('calls:write'),
      ...takesEitherSpelling(RecordInput),
      schema: {
        tags,
        summary: "Tell of a call; the host's log is to be refreshed",
        body: RecordInput,
        response: { 201: Call },
      },
    },
    async (request, reply) => {
      forbidDepartmentTokens(request)
      const made = await calls.create(actor(request), callReachOf(request), request.body)
      return reply.code(201).send(await settle(made))
    },
  )
  app.get(
    `${path}/:id`,
    {
      ...needs('calls:read'),
      schema: { tags, summary: 'Read a call', params: IdParams, response: { 200: Call } },
    },
    (request) => calls.get(callReachOf(request), request.params.id),
  )
  app.get(
    '/pbx3cx-call-log-details/:id',
    {
      ...needs('calls:read'),
      schema: {
        tags,
        summary: 'Read a call with its legs and their steps, in order',
        params: IdParams,
        response: { 200: CallDetails },
      },
    },
    (request) => calls.details(callReachOf(request), request.params.id),
  )
}
