import { Type } from 'typebox'
import { Id, IdParams } from '../../../contract/common.ts'
import { ConditionHeaders } from '../../../contract/headers.ts'
import {
  AUDIT_KINDS,
  AuditInput,
  AuditPatch,
  PbxAudit,
  PbxAuditPage,
} from '../../../contract/pbx3cx-audits.ts'
import { Removed } from '../../../contract/pbx3cx-hosts.ts'
import { AUDIT_COLUMNS, type PbxAudits } from '../../fleet/fleet.ts'
import { actor, needs, type App, type Settle } from '../app.ts'
import { conditionOn } from '../etags.ts'
import { takesEitherSpelling } from '../spellings.ts'
import { FilteredQuery, pagingOf, takesFilters } from './bare-lists.ts'
import { forbidHostTokens, reachOf } from './reach.ts'

const Query = FilteredQuery({
  pbx3cx_host_id: Type.Optional(Id),
  kind: Type.Optional(Type.Enum([...AUDIT_KINDS])),
  from: Type.Optional(Type.String({ maxLength: 40 })),
  to: Type.Optional(Type.String({ maxLength: 40 })),
})

/** `/api/v1/pbx3cx-audits`: checklists of PBXs, and what was changed on them. */
export function pbx3cxAuditRoutes(app: App, { audits, settle }: { audits: PbxAudits; settle: Settle }): void {
  const tags = ['PBX audits']
  const path = '/pbx3cx-audits'

  app.get(
    path,
    {
      ...needs('fleet:read'),
      ...takesFilters(),
      schema: { tags, summary: 'List audits of PBXs', querystring: Query, response: { 200: PbxAuditPage } },
    },
    (request) => audits.list(reachOf(request), request.query, pagingOf(request.query, AUDIT_COLUMNS)),
  )
  app.post(
    path,
    {
      ...needs('fleet:write'),
      ...takesEitherSpelling(AuditInput),
      schema: { tags, summary: 'Create an audit of a PBX', body: AuditInput, response: { 201: PbxAudit } },
    },
    async (request, reply) => {
      forbidHostTokens(request)
      return reply.code(201).send(await settle(await audits.create(actor(request), request.body)))
    },
  )
  app.get(
    `${path}/:id`,
    {
      ...needs('fleet:read'),
      schema: { tags, summary: 'Read an audit of a PBX', params: IdParams, response: { 200: PbxAudit } },
    },
    (request) => audits.get(reachOf(request), request.params.id),
  )
  for (const [method, status] of [
    ['PUT', 201],
    ['PATCH', 200],
  ] as const) {
    app.route({
      method,
      url: `${path}/:id`,
      ...needs('fleet:write'),
      ...takesEitherSpelling(AuditPatch),
      schema: {
        tags,
        summary: 'Change an audit of a PBX: absent = unchanged, null = cleared',
        params: IdParams,
        headers: ConditionHeaders,
        body: AuditPatch,
        response: { [status]: PbxAudit },
      },
      handler: async (request, reply) => {
        forbidHostTokens(request)
        const changed = await audits.update(
          actor(request),
          request.params.id,
          request.body,
          conditionOn(request),
        )
        return reply.code(status).send(await settle(changed))
      },
    })
  }
  app.delete(
    `${path}/:id`,
    {
      ...needs('fleet:write'),
      schema: {
        tags,
        summary: 'Remove an audit of a PBX',
        params: IdParams,
        headers: ConditionHeaders,
        response: { 201: Removed },
      },
    },
    async (request, reply) => {
      forbidHostTokens(request)
      await settle(await audits.remove(actor(request), request.params.id, conditionOn(request)))
      return reply.code(201).send({ message: 'The audit was removed.' })
    },
  )
}
