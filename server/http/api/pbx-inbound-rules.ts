import type { FastifyReply, FastifyRequest, preValidationHookHandler } from 'fastify'
import { Type } from 'typebox'
import { ConditionHeaders } from '../../../contract/headers.ts'
import {
  BulkDeleted,
  BulkDeleteInput,
  CallerIdRules,
  CallerIdRulesQuery,
  InboundRuleAnswer,
  InboundRuleInput,
  InboundRuleListQuery,
  InboundRulePage,
  InboundRuleParams,
  InboundRuleQuery,
  WrittenInboundRuleAnswer,
} from '../../../contract/pbx-inbound-rules.ts'
import { XapiHostParams } from '../../../contract/xapi.ts'
import { isRaw, readRule, rulesCsv, type InboundRules } from '../../fleet/fleet.ts'
import { HubError } from '../../platform/errors.ts'
import { etagOf } from '../../platform/etag.ts'
import { actor, needs, type App } from '../app.ts'
import { conditionOn } from '../etags.ts'
import { keepFailure } from '../idempotency.ts'
import { sendFile } from './pbx-file.ts'
import { tellAge } from './pbx3cx-origins.ts'
import { forbidHostTokens, reachOf } from './reach.ts'

type Deps = { inboundRules: InboundRules }

const TAGS = ['PBX inbound rules']
const PATH = '/pbx3cx/:host/inbound-rules'
const AGE =
  'When the PBX is away, what its last snapshot has: `Cordboard-Stale` says why, and `Age` how old that is in seconds.'

/** `/api/v1/pbx3cx/{host}/inbound-rules`: where calls from outside go, as the PBX has it now. */
export function pbxInboundRuleRoutes(app: App, deps: Deps): void {
  readingRoutes(app, deps)
  writingRoutes(app, deps)
}

function readingRoutes(app: App, { inboundRules }: Deps): void {
  const reading = needs('fleet:read')
  app.get(
    PATH,
    {
      ...reading,
      schema: {
        tags: TAGS,
        summary:
          'List the inbound rules of a PBX in its own order; with `raw=1` under the names the PBX gives the fields',
        description: AGE,
        params: XapiHostParams,
        querystring: InboundRuleListQuery,
        response: { 200: InboundRulePage },
      },
    },
    async (request, reply) => {
      const { value, ...from } = await inboundRules.list(reachOf(request), request.params.host, request.query)
      tellAge(unkept(reply), from)
      return value
    },
  )
  app.get(
    `${PATH}/caller-id-rules`,
    {
      ...reading,
      schema: {
        tags: TAGS,
        summary:
          'Export the rules that look at the caller: JSON, or a sheet with `format=csv`; with `raw=1` exactly what the PBX exports, rows or a file',
        description: AGE,
        params: XapiHostParams,
        querystring: CallerIdRulesQuery,
        produces: ['application/json', 'text/csv'],
        response: { 200: CallerIdRules },
      },
    },
    async (request, reply) => {
      const { host } = request.params
      if (isRaw(request.query)) {
        const exported = await inboundRules.callerIdExport(reachOf(request), host)
        return Array.isArray(exported)
          ? unkept(reply).send({ data: exported })
          : sendFile(unkept(reply), exported)
      }
      const { rules, ...from } = await inboundRules.callerIdRules(reachOf(request), host)
      tellAge(unkept(reply), from)
      const data = rules.map(({ rule }) => rule)
      return request.query.format === 'csv' ? sendSheet(reply, rulesCsv(data)) : reply.send({ data })
    },
  )
  app.get(
    `${PATH}/:id`,
    {
      ...reading,
      schema: {
        tags: TAGS,
        summary: 'Read an inbound rule of a PBX; with `raw=1` under the names the PBX gives the fields',
        description: AGE,
        params: InboundRuleParams,
        querystring: InboundRuleQuery,
        response: { 200: InboundRuleAnswer },
      },
    },
    async (request, reply) => {
      const { host, id } = request.params
      const { value, ...from } = await inboundRules.get(reachOf(request), host, id)
      tellAge(unkept(reply), from)
      reply.header('etag', etagOf(value.rule))
      return isRaw(request.query) ? value.raw : value.rule
    },
  )
}

function writingRoutes(app: App, { inboundRules }: Deps): void {
  app.post(
    PATH,
    {
      ...needs('fleet:write'),
      ...takesAnySpelling,
      schema: {
        tags: TAGS,
        summary: 'Create an inbound rule: checked against what the PBX has, then sent once and audited',
        description: SPELLINGS,
        params: XapiHostParams,
        querystring: InboundRuleQuery,
        body: InboundRuleInput,
        response: { 201: WrittenInboundRuleAnswer },
      },
    },
    async (request, reply) => {
      const { host } = request.params
      const made = await inboundRules
        .create(writerOf(request), host, request.body, isRaw(request.query))
        .catch(keepUnknown(request))
      return unkept(reply).code(201).send(made.answer)
    },
  )
  for (const method of ['PUT', 'PATCH'] as const) {
    app.route({
      method,
      url: `${PATH}/:id`,
      ...needs('fleet:write'),
      ...takesAnySpelling,
      schema: {
        tags: TAGS,
        summary: 'Change an inbound rule: absent = unchanged, null = cleared',
        description: SPELLINGS,
        params: InboundRuleParams,
        querystring: InboundRuleQuery,
        headers: ConditionHeaders,
        body: InboundRuleInput,
        response: { 200: WrittenInboundRuleAnswer },
      },
      handler: async (request, reply) => {
        const { host, id } = request.params
        const { answer, etag } = await inboundRules.update(writerOf(request), host, id, {
          input: request.body,
          condition: conditionOn(request),
          raw: isRaw(request.query),
        })
        return unkept(reply).header('etag', etag).send(answer)
      },
    })
  }
  app.delete(
    `${PATH}/:id`,
    {
      ...needs('fleet:write'),
      schema: {
        tags: TAGS,
        summary: 'Delete an inbound rule',
        params: InboundRuleParams,
        headers: ConditionHeaders,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const { host, id } = request.params
      await inboundRules.remove(writerOf(request), host, id, conditionOn(request))
      return reply.code(204).send(null)
    },
  )
  app.post(
    `${PATH}/bulk-delete`,
    {
      ...needs('fleet:write'),
      schema: {
        tags: TAGS,
        summary: 'Delete several inbound rules, all or none; answers what was there',
        params: XapiHostParams,
        querystring: InboundRuleQuery,
        body: BulkDeleteInput,
        response: { 200: BulkDeleted },
      },
    },
    async (request, reply) => {
      const { host } = request.params
      const deleted = await inboundRules
        .removeAll(writerOf(request), host, request.body.ids, isRaw(request.query))
        .catch(keepUnknown(request))
      return unkept(reply).send(deleted)
    },
  )
}

const SPELLINGS =
  'Fields go by our names or by those of the PBX (`RuleName`, `OfficeHoursDestination`), words in any spelling (`Based On DID`), and the JSON text of an object is taken for the object. `warnings` are worth a look; what may not be is 422 with what to do for each field, and nothing is sent.'

/** Bodies of rules come in many spellings; what follows sees ours. */
const takesAnySpelling: { preValidation: preValidationHookHandler } = {
  preValidation(request, _reply, done) {
    try {
      request.body = readRule(request.body)
      done()
    } catch (error) {
      done(error as HubError)
    }
  },
}

function writerOf(request: FastifyRequest) {
  forbidHostTokens(request)
  return { actor: actor(request), reach: reachOf(request) }
}

/** What may have been done is not done again under the same key. */
const keepUnknown = (request: FastifyRequest) => (error: unknown) => {
  if (error instanceof HubError && error.code === 'pbx_outcome_unknown') keepFailure(request)
  throw error
}

/** Rules tell who calls whom. */
const unkept = (reply: FastifyReply): FastifyReply => reply.header('cache-control', 'no-store')

const sendSheet = (reply: FastifyReply, sheet: string): FastifyReply =>
  reply
    .type('text/csv; charset=utf-8')
    .header('content-disposition', 'attachment; filename="caller-id-rules.csv"')
    .send(sheet)
