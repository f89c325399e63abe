import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import {
  RuleExportQuery,
  RuleFileHosts,
  RulePlan,
  RulePlanHostParams,
  RulePlanListQuery,
  RulePlanPage,
  RulePlanParams,
  RulePlanQuery,
} from '../../../contract/pbx-rule-plans.ts'
import type { RuleFile, RulePlans } from '../../fleet/fleet.ts'
import { HubError, invalid } from '../../platform/errors.ts'
import { actor, needs, type App, type Settle } from '../app.ts'
import { forbidHostTokens, reachOf } from './reach.ts'

const FORMATS: Readonly<Record<string, RuleFile['format']>> = {
  'application/yaml': 'yaml',
  'application/x-yaml': 'yaml',
  'text/yaml': 'yaml',
  'text/x-yaml': 'yaml',
  'text/csv': 'csv',
}
const TYPES = { yaml: 'application/yaml', csv: 'text/csv', json: 'application/json' } as const
const CONSUMES = ['application/yaml', 'text/csv', 'application/json']
/** A file of rules; its form is told in docs/rules-as-code.md. */
const File = Type.Unknown()

/** The file that a request is: YAML and CSV as they are, JSON as what it says. */
function fileOf(request: FastifyRequest): RuleFile {
  const { body } = request
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? ''
  const format = FORMATS[type]
  if (format !== undefined) return { text: typeof body === 'string' ? body : '', format }
  const advice = 'Send the rules as application/yaml, text/csv or application/json.'
  if (typeof body === 'string') throw new HubError('unsupported_media_type', advice)
  if (typeof body !== 'object' || body === null) throw invalid({ file: [advice] })
  return { text: JSON.stringify(body), format: 'json' }
}

const isPrivate = (reply: FastifyReply) => reply.header('cache-control', 'no-store')

/** `/api/v1/pbx3cx/{host}/inbound-rules/plans` and `…/export`: inbound rules as files, and what a file would change. */
export function pbxRulePlanRoutes(
  root: App,
  { rulePlans, settle }: { rulePlans: RulePlans; settle: Settle },
): void {
  const tags = ['PBX rules as code']
  const path = '/pbx3cx/:host/inbound-rules/plans'

  void root.register(async (scope) => {
    const app = scope as unknown as App
    for (const type of Object.keys(FORMATS))
      app.addContentTypeParser(type, { parseAs: 'string' }, (_request, body, done) => done(null, body))
    app.post(
      path,
      {
        ...needs('fleet:write'),
        schema: {
          tags,
          summary:
            'Plan what a file of rules changes on a PBX: each step, what is to be said of it, and which calls go elsewhere. Nothing is sent to the PBX',
          consumes: CONSUMES,
          params: RulePlanHostParams,
          querystring: RulePlanQuery,
          body: File,
          response: { 201: RulePlan },
        },
      },
      async (request, reply) => {
        forbidHostTokens(request)
        const { params, query } = request
        const made = await rulePlans.create(
          actor(request),
          reachOf(request),
          params.host,
          fileOf(request),
          query,
        )
        return isPrivate(reply)
          .code(201)
          .send(await settle(made))
      },
    )
    app.post(
      '/inbound-rule-files/hosts',
      {
        ...needs('fleet:read'),
        schema: {
          tags,
          summary: 'Tell which PBXs a file of rules is for; nothing is read from them',
          consumes: CONSUMES,
          body: File,
          response: { 200: RuleFileHosts },
        },
      },
      (request) => rulePlans.hostsOf(reachOf(request), fileOf(request)),
    )
  })

  root.get(
    path,
    {
      ...needs('fleet:read'),
      schema: {
        tags,
        summary: 'List the plans of a PBX, newest first, without their steps',
        params: RulePlanHostParams,
        querystring: RulePlanListQuery,
        response: { 200: RulePlanPage },
      },
    },
    async (request, reply) => {
      const { page = 1, per_page: perPage = 20 } = request.query
      return isPrivate(reply).send(
        await rulePlans.list(reachOf(request), request.params.host, { page, perPage }),
      )
    },
  )
  root.get(
    `${path}/:id`,
    {
      ...needs('fleet:read'),
      schema: {
        tags,
        summary: 'Read a plan, and how far it is applied',
        params: RulePlanParams,
        response: { 200: RulePlan },
      },
    },
    async (request, reply) =>
      isPrivate(reply).send(await rulePlans.get(reachOf(request), request.params.host, request.params.id)),
  )
  root.post(
    `${path}/:id/apply`,
    {
      ...needs('fleet:write'),
      schema: {
        tags,
        summary:
          'Begin to apply a plan, or go on with one that stopped. It goes on without this request: read the plan for its progress',
        params: RulePlanParams,
        response: { 202: RulePlan },
      },
    },
    async (request, reply) => {
      forbidHostTokens(request)
      const { host, id } = request.params
      const begun = await rulePlans.apply(actor(request), reachOf(request), host, id)
      return isPrivate(reply)
        .code(202)
        .send(await settle(begun))
    },
  )
  root.post(
    `${path}/:id/undo`,
    {
      ...needs('fleet:write'),
      schema: {
        tags,
        summary:
          'Plan how what a plan did is taken back, all of it or as far as it came; the new plan is applied like any other',
        params: RulePlanParams,
        querystring: Type.Object({ reorder: RulePlanQuery.properties.reorder }),
        response: { 201: RulePlan },
      },
    },
    async (request, reply) => {
      forbidHostTokens(request)
      const { host, id } = request.params
      const made = await rulePlans.undo(actor(request), reachOf(request), host, id, request.query)
      return isPrivate(reply)
        .code(201)
        .send(await settle(made))
    },
  )
  root.get(
    '/pbx3cx/:host/inbound-rules/export',
    {
      ...needs('fleet:read'),
      schema: {
        tags,
        summary: 'The inbound rules of a PBX as a file: planned as it is, it changes nothing',
        produces: CONSUMES,
        params: RulePlanHostParams,
        querystring: RuleExportQuery,
        response: { 200: Type.Any() },
      },
    },
    async (request, reply) => {
      const { format = 'yaml' } = request.query
      const { text, name } = await rulePlans.export(reachOf(request), request.params.host, format)
      return isPrivate(reply)
        .type(`${TYPES[format]}; charset=utf-8`)
        .header('content-disposition', `attachment; filename="${name}"`)
        .send(text)
    },
  )
}
