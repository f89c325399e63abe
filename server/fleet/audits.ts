import type { Selectable } from 'kysely'
import type { Page } from '../../contract/common.ts'
import { isTrue } from '../../contract/common.ts'
import { AUDIT_ITEMS, type AuditInput, type AuditPatch, type PbxAudit } from '../../contract/pbx3cx-audits.ts'
import { recordAudit, type Actor } from '../platform/audit.ts'
import type { Committed } from '../platform/committed.ts'
import { fromJson, toFlag, toJson } from '../platform/database/json.ts'
import { unconditional, type Condition } from '../platform/etag.ts'
import { invalid, notFound } from '../platform/errors.ts'
import { openFieldCheck, type FieldCheck } from '../platform/field-check.ts'
import { readPage, type ListRequest } from '../platform/listing.ts'
import { readPeriod, readWrittenDate, readWrittenInstant } from '../platform/written-dates.ts'
import { readWhole } from './host-fields.ts'
import type { PbxAuditsTable } from './tables.ts'
import {
  isoTime,
  stampAfter,
  write,
  type FleetDeps,
  type FleetStore,
  type FleetTx,
  type Reach,
} from './write.ts'

/** What the list of audits is narrowed to; undefined = not asked for. */
export type AuditFilters = {
  pbx3cx_host_id?: number | undefined
  kind?: string | undefined
  /** Instants, the first included, the second not; a date alone as the end is included. */
  from?: string | undefined
  to?: string | undefined
}

/** What `/api/v1/pbx3cx-audits` does; the actor's tenant is the one written to. */
export type PbxAudits = {
  list(reach: Reach, filters: AuditFilters, request: ListRequest): Promise<Page<PbxAudit>>
  get(reach: Reach, id: number): Promise<PbxAudit>
  create(actor: Actor, input: AuditInput): Promise<Committed<PbxAudit>>
  update(actor: Actor, id: number, patch: AuditPatch, condition?: Condition): Promise<Committed<PbxAudit>>
  remove(actor: Actor, id: number, condition?: Condition): Promise<Committed<null>>
}

type Row = Selectable<PbxAuditsTable>
type Scores = Record<string, number | null>

export const AUDIT_COLUMNS = {
  id: 'id',
  when: 'happened_at',
  created_at: 'created_at',
  next_audit_at: 'next_audit_at',
}
const allScores = (items: Scores): Scores =>
  Object.fromEntries(AUDIT_ITEMS.map((name) => [name, items[name] ?? null]))

function toAudit(row: Row): PbxAudit {
  return {
    id: row.id,
    pbx3cx_host_id: row.pbx_host_id,
    kind: row.kind,
    items: row.items === null ? null : (allScores(fromJson<Scores>(row.items)) as PbxAudit['items']),
    assignee_id: row.assignee_id,
    next_audit_at: row.next_audit_at,
    close: row.closed === 1,
    comment: row.comment,
    object: row.object,
    before: row.before === null ? null : fromJson<unknown>(row.before),
    after: row.after === null ? null : fromJson<unknown>(row.after),
    when: isoTime(row.happened_at),
    who: row.who,
    source: row.source,
    created_at: isoTime(row.created_at),
    updated_at: isoTime(row.updated_at),
  }
}

function readScores(items: AuditPatch['items'], present: string | null): string | undefined {
  if (items === undefined) return undefined
  if (items === null) return toJson({})
  const scores: Scores = present === null ? {} : fromJson<Scores>(present)
  for (const name of AUDIT_ITEMS) {
    const given = items[name]
    if (given !== undefined) scores[name] = given === null ? null : Number(given)
  }
  return toJson(scores)
}

function readJson(check: FieldCheck, field: 'before' | 'after', value: unknown): string | null | undefined {
  if (value === undefined || value === null) return value
  return check.text(field, toJson(value))
}

const kindOf = (input: AuditPatch) =>
  input.kind ?? (input.object ? ('change' as const) : ('checklist' as const))
const OF_CHANGES = ['object', 'before', 'after', 'when', 'who', 'source'] as const
const OF_CHECKLISTS = ['items', 'assignee_id', 'next_audit_at', 'close'] as const

/** A field of the other kind would be lost in silence. */
function refuseForeign(kind: Row['kind'], input: AuditPatch, check: FieldCheck): void {
  for (const field of kind === 'checklist' ? OF_CHANGES : OF_CHECKLISTS) {
    if ((input[field] ?? null) !== null) check.refuse(field, `Is no field of a ${kind}.`)
  }
}

function toColumns(input: AuditPatch, kind: Row['kind'], check: FieldCheck, zone: string) {
  refuseForeign(kind, input, check)
  const { next_audit_at, when, close } = input
  const date = next_audit_at ? readWrittenDate(next_audit_at) : next_audit_at
  if (next_audit_at && date === null)
    check.refuse('next_audit_at', 'Is no date: write 2026-05-31 or 31/05/2026.')
  const at = when ? readWrittenInstant(when, zone) : undefined
  if (at === null) check.refuse('when', 'Is no instant: write it as in 2026-05-31T14:05:00Z.')
  return {
    assignee_id: readWhole(check, 'assignee_id', input.assignee_id),
    next_audit_at: date,
    closed: close === undefined ? undefined : toFlag(close !== null && isTrue(close)),
    comment: check.text('comment', input.comment),
    object: kind === 'change' ? check.required('object', input.object) : undefined,
    before: readJson(check, 'before', input.before),
    after: readJson(check, 'after', input.after),
    happened_at: at ?? undefined,
    who: check.text('who', input.who),
    source: check.text('source', input.source),
  }
}

/** What was checked on the PBXs, and what was changed. */
export function openAudits(store: FleetStore, { clock, tenant }: FleetDeps): PbxAudits {
  const zoneOf = (tenantId: number) => tenant(tenantId)?.timeZone ?? 'UTC'
  const own = ({ tenantId, hostId }: Reach) => {
    const rows = store.read.selectFrom('pbx_audits').selectAll().where('tenant_id', '=', tenantId)
    return hostId === null ? rows : rows.where('pbx_host_id', '=', hostId)
  }
  const checkHost = async (tx: FleetTx, tenantId: number, id: number) => {
    const found = await tx.db
      .selectFrom('pbx_hosts')
      .select('id')
      .where('tenant_id', '=', tenantId)
      .where('id', '=', id)
      .executeTakeFirst()
    if (!found) throw invalid({ pbx3cx_host_id: [`There is no PBX host ${id}.`] })
  }
  const lock = async (tx: FleetTx, tenantId: number, id: number) => {
    const rows = tx.db
      .selectFrom('pbx_audits')
      .selectAll()
      .where('tenant_id', '=', tenantId)
      .where('id', '=', id)
    const row = await (tx.engine === 'postgres' ? rows.forUpdate() : rows).executeTakeFirst()
    if (!row) throw notFound('Audit')
    return row
  }

  return {
    async list(reach, filters, request) {
      const { from, to } = readPeriod(filters, zoneOf(reach.tenantId))
      let rows = own(reach)
      if (filters.pbx3cx_host_id !== undefined) rows = rows.where('pbx_host_id', '=', filters.pbx3cx_host_id)
      if (filters.kind !== undefined) rows = rows.where('kind', '=', filters.kind as Row['kind'])
      if (from !== null) rows = rows.where('happened_at', '>=', from)
      if (to !== null) rows = rows.where('happened_at', '<', to)
      return readPage(rows, request, AUDIT_COLUMNS, (found) => found.map(toAudit))
    },
    async get(reach, id) {
      const row = await own(reach).where('id', '=', id).executeTakeFirst()
      if (!row) throw notFound('Audit')
      return toAudit(row)
    },
    async create(actor, input) {
      const kind = kindOf(input)
      const check = openFieldCheck()
      const columns = toColumns(input, kind, check, zoneOf(actor.tenantId))
      if (kind === 'change' && !input.object) check.refuse('object', 'Names what was changed.')
      const host = readWhole(check, 'pbx3cx_host_id', input.pbx3cx_host_id) ?? 0
      check.done()
      return write(store, async (tx) => {
        await checkHost(tx, actor.tenantId, host)
        const now = clock.now()
        const row = await tx.db
          .insertInto('pbx_audits')
          .values({
            ...columns,
            tenant_id: actor.tenantId,
            pbx_host_id: host,
            kind,
            items: kind === 'checklist' ? (readScores(input.items, null) ?? toJson({})) : null,
            closed: columns.closed ?? 0,
            happened_at: columns.happened_at ?? now,
            who: kind === 'change' ? (columns.who ?? actor.name) : null,
            source: kind === 'change' ? (columns.source ?? 'manual') : null,
            created_at: now,
            updated_at: now,
          })
          .returningAll()
          .executeTakeFirstOrThrow()
        const after = toAudit(row)
        await recordAudit(tx, actor, { action: 'create', entity: 'pbx_audit', entityId: row.id, after })
        return after
      })
    },
    async update(actor, id, patch, condition = unconditional) {
      return write(store, async (tx) => {
        const row = await lock(tx, actor.tenantId, id)
        const before = toAudit(row)
        condition(before)
        const check = openFieldCheck()
        const columns = toColumns(patch, row.kind, check, zoneOf(actor.tenantId))
        if (patch.kind !== undefined && patch.kind !== row.kind) check.refuse('kind', 'Never changes.')
        const host = readWhole(check, 'pbx3cx_host_id', patch.pbx3cx_host_id) ?? row.pbx_host_id
        check.done()
        if (host !== row.pbx_host_id) await checkHost(tx, actor.tenantId, host)
        const changed = await tx.db
          .updateTable('pbx_audits')
          .set({
            ...columns,
            pbx_host_id: host,
            items: row.kind === 'checklist' ? readScores(patch.items, row.items) : undefined,
            updated_at: stampAfter(row, clock),
          })
          .where('tenant_id', '=', actor.tenantId)
          .where('id', '=', id)
          .returningAll()
          .executeTakeFirstOrThrow()
        const after = toAudit(changed)
        await recordAudit(tx, actor, { action: 'update', entity: 'pbx_audit', entityId: id, before, after })
        return after
      })
    },
    async remove(actor, id, condition = unconditional) {
      return write(store, async (tx) => {
        const before = toAudit(await lock(tx, actor.tenantId, id))
        condition(before)
        await tx.db
          .deleteFrom('pbx_audits')
          .where('tenant_id', '=', actor.tenantId)
          .where('id', '=', id)
          .execute()
        await recordAudit(tx, actor, { action: 'delete', entity: 'pbx_audit', entityId: id, before })
        return null
      })
    },
  }
}
