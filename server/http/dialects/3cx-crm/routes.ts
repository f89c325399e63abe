import { Type } from 'typebox'
import type { FastifyRequest } from 'fastify'
import type { Fleet } from '../../../fleet/fleet.ts'
import type { Chats, Reports } from '../../../journal/journal.ts'
import { HubError, invalid } from '../../../platform/errors.ts'
import { hostNamed } from '../../asking.ts'
import { forbidDepartmentTokens } from '../../api/reach.ts'
import { actor, needs, principalOf, type App, type Settle } from '../../app.ts'
import { bodyParameters, isOn, readParameters, type Parameters } from '../../parameters.ts'
import type { CrmContact } from './contact.ts'
import { openCrmDirectory, type DirectoryDeps } from './directory.ts'
import { answerWith, JSON_TYPE, NUMBER_PATHS, type AnswerCrmNumber } from './lane.ts'
import { readCallReport, readChatReport } from './report.ts'
import { crmTemplate } from './template.ts'
import { said } from './words.ts'

const DIALECT = '3cx-crm'
const tags = [DIALECT]

export type CrmDeps = DirectoryDeps & {
  answer: AnswerCrmNumber
  fleet: Pick<Fleet, 'hosts'>
  reports: Reports
  chats: Chats
  settle: Settle
}

const Text = (description: string) => Type.Optional(Type.String({ description }))
const parametersOf = (request: FastifyRequest) => readParameters(request.query, request.body)

const TemplateQuery = Type.Object({
  host: Text('The PBX it is for, by id or code; absent: the one the token belongs to, else none.'),
  placeholder: Text('1: callers nobody knows get a placeholder, so that their calls are reported.'),
})

/** `GET /3cx/crm-template.xml`: what a PBX's administrator uploads. */
function templateRoute(app: App, { fleet, publicUrl }: Pick<CrmDeps, 'fleet' | 'publicUrl'>): void {
  app.get(
    '/3cx/crm-template.xml',
    {
      ...needs('fleet:read'),
      schema: { tags, summary: 'The CRM template of a 3CX', querystring: TemplateQuery },
    },
    async (request, reply) => {
      if (publicUrl === null)
        throw new HubError(
          'public_url_required',
          'The template says where this hub is reached: set CORDBOARD_PUBLIC_URL and start again.',
        )
      const { tenantId, hostId } = principalOf(request)
      const parameters = readParameters(request.query, undefined)
      const named = said(parameters, 'host') ?? (hostId === null ? null : String(hostId))
      const found = named === null ? null : await fleet.hosts.find({ tenantId, hostId }, named)
      const host = found && { id: found.id, name: found.host_name }
      return reply
        .header('content-type', 'application/xml; charset=utf-8')
        .header('content-disposition', 'attachment; filename="cordboard-crm-template.xml"')
        .header('cache-control', 'no-store')
        .send(crmTemplate({ publicUrl, host, placeholder: isOn(parameters, 'placeholder') }))
    },
  )
}

/** Mounts the template and what it calls. README.md beside this file is the contract. */
export function crmDialect(app: App, deps: CrmDeps): void {
  const { answer, reports, chats, settle } = deps
  const directory = openCrmDirectory(deps)
  app.setValidatorCompiler(() => () => true)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) =>
    done(null, bodyParameters(String(body))),
  )
  templateRoute(app, deps)

  for (const url of NUMBER_PATHS)
    app.route({
      method: ['GET', 'POST'],
      url,
      ...needs('identify', DIALECT),
      schema: { tags, summary: 'Who calls from this number?' },
      handler(request, reply) {
        const { tenantId, hostId } = principalOf(request)
        const body = answer(tenantId, parametersOf(request), hostId)
        if (body === null) throw new HubError('parameter_missing', 'Say who calls: number=…')
        return reply.header('content-type', JSON_TYPE).header('cache-control', 'no-store').send(body)
      },
    })

  type Find = (tenantId: number, parameters: Parameters) => CrmContact[] | Promise<CrmContact[]>
  const asking = (url: string, summary: string, find: Find) =>
    app.route({
      method: ['GET', 'POST'],
      url,
      ...needs('identify', DIALECT),
      schema: { tags, summary },
      async handler(request, reply) {
        const contacts = await find(principalOf(request).tenantId, parametersOf(request))
        return reply
          .header('content-type', JSON_TYPE)
          .header('cache-control', 'no-store')
          .send(answerWith(contacts))
      },
    })
  asking('/3cx/crm/email', 'Whose is this e-mail address?', directory.byEmail)
  asking('/3cx/crm/search', 'Who is meant by these words?', directory.search)
  asking('/3cx/crm/cfd/id', 'Whom does this id mean?', directory.byId)
  asking('/3cx/crm/cfd/query', 'Whom does this account mean, or these words?', directory.byQuery)

  app.post(
    '/3cx/crm/contacts',
    { ...needs('directory:write', DIALECT), schema: { tags, summary: 'A contact typed in at the PBX' } },
    async (request, reply) => {
      const contacts = await directory.create(actor(request), parametersOf(request))
      return reply
        .header('content-type', JSON_TYPE)
        .header('cache-control', 'no-store')
        .send(answerWith(contacts))
    },
  )
  app.post(
    '/3cx/crm/report-call',
    { ...needs('journal:write', DIALECT), schema: { tags, summary: 'A call that has ended' } },
    async (request, reply) => {
      forbidDepartmentTokens(request)
      const { tenantId, hostId } = principalOf(request)
      const reach = { tenantId, hostId, departments: null }
      const parameters = parametersOf(request)
      const host = hostNamed(parameters, hostId)
      if (host === null)
        throw invalid({ host: ['Say which PBX it was: take its own template, or a token of its own.'] })
      const report = readCallReport(parameters, host)
      const { call_id } = await settle(await reports.take(actor(request), reach, report))
      return reply.header('cache-control', 'no-store').send({ success: true, call_id })
    },
  )
  app.post(
    '/3cx/crm/report-chat',
    { ...needs('journal:write', DIALECT), schema: { tags, summary: 'A chat that has ended' } },
    async (request, reply) => {
      const { tokenId } = principalOf(request)
      await settle(await chats.take(actor(request), tokenId, readChatReport(parametersOf(request))))
      return reply.header('cache-control', 'no-store').send({ success: true })
    },
  )
}
