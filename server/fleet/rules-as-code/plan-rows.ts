import type { Selectable } from 'kysely'
import type { Page } from '../../../contract/common.ts'
import type {
  ChangedAnswer,
  PlanComplaint,
  RulePlan,
  RulePlanSummary,
} from '../../../contract/pbx-rule-plans.ts'
import type { ReadFrom } from '../../../contract/pbx-trace.ts'
import type { Actor } from '../../platform/audit.ts'
import { fromJson, toFlag, toJson } from '../../platform/database/json.ts'
import { notFound } from '../../platform/errors.ts'
import type { HostKey } from '../snapshots/shelf.ts'
import type { PbxRulePlansTable } from '../tables.ts'
import { isoOrNull, isoTime, type FleetDb, type FleetTx } from '../write.ts'
import type { PresentRule } from './matching.ts'
import type { Moved, Step, Summary } from './steps.ts'

export type PlanRow = Selectable<PbxRulePlansTable>

/** A plan as it was made. */
export type MadePlan = {
  partial: boolean
  reorder: boolean
  undoes: number | null
  document: string | null
  before: readonly PresentRule[]
  summary: Summary
} & PlanContent
export type PlanContent = {
  steps: Step[]
  moves: Moved[]
  complaints: PlanComplaint[]
  answers: ChangedAnswer[]
  notes: string[]
  read: ReadFrom
}
export type PlanFailure = { code: string; message: string }

const EXPIRES_MS = 24 * 60 * 60_000
const SUMMARY_COLUMNS = [
  'id',
  'tenant_id',
  'pbx_host_id',
  'state',
  'undoes',
  'partial',
  'reorder',
  'refused',
  'summary',
  'steps',
  'next_step',
  'failure',
  'created_by',
  'applied_by',
  'created_at',
  'expires_at',
  'started_at',
  'finished_at',
] as const

export const contentOfPlan = (row: Pick<PlanRow, 'content'>): PlanContent =>
  fromJson<PlanContent>(row.content)
export const beforeOfPlan = (row: Pick<PlanRow, 'before_state'>): PresentRule[] =>
  fromJson<PresentRule[]>(row.before_state)

export function toSummary(row: Omit<PlanRow, 'content' | 'before_state' | 'document'>): RulePlanSummary {
  return {
    id: row.id,
    pbx3cx_host_id: row.pbx_host_id,
    state: row.state,
    undoes: row.undoes,
    partial: row.partial === 1,
    reorder: row.reorder === 1,
    ...fromJson<Summary>(row.summary),
    progress: { done: row.next_step, total: row.steps },
    failure: row.failure === null ? null : fromJson<PlanFailure>(row.failure),
    can_apply: row.refused === 0 && (row.state === 'planned' || row.state === 'stopped'),
    created_by: row.created_by,
    created_at: isoTime(row.created_at),
    expires_at: isoTime(row.expires_at),
    applied_by: row.applied_by === null ? null : fromJson<Actor>(row.applied_by).name,
    applied_at: isoOrNull(row.started_at),
    finished_at: isoOrNull(row.finished_at),
  }
}

export function toPlan(row: PlanRow): RulePlan {
  const { steps, ...content } = contentOfPlan(row)
  const stateOf = (at: number) =>
    at < row.next_step ? 'done' : at === row.next_step && row.state === 'stopped' ? 'failed' : 'waiting'
  return { ...toSummary(row), ...content, steps: steps.map((step, at) => ({ ...step, state: stateOf(at) })) }
}

export async function insertPlan(
  { db }: FleetTx,
  { tenantId, hostId }: HostKey,
  { partial, reorder, undoes, document, before, summary, ...content }: MadePlan,
  { by, now }: { by: string; now: number },
): Promise<PlanRow> {
  return db
    .insertInto('pbx_rule_plans')
    .values({
      tenant_id: tenantId,
      pbx_host_id: hostId,
      state: 'planned',
      undoes,
      partial: toFlag(partial),
      reorder: toFlag(reorder),
      refused: toFlag(content.complaints.some(({ refuses }) => refuses)),
      document,
      summary: toJson(summary),
      content: toJson(content satisfies PlanContent),
      before_state: toJson(before),
      steps: content.steps.length,
      next_step: 0,
      created_by: by,
      created_at: now,
      expires_at: now + EXPIRES_MS,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
}

const ofHost = (db: FleetDb, { tenantId, hostId }: HostKey) =>
  db.selectFrom('pbx_rule_plans').where('tenant_id', '=', tenantId).where('pbx_host_id', '=', hostId)

/** HubError `not_found`. */
export async function readPlan(db: FleetDb, host: HostKey, id: number): Promise<PlanRow> {
  const row = await ofHost(db, host).selectAll().where('id', '=', id).executeTakeFirst()
  if (!row) throw notFound('Plan of inbound rules')
  return row
}

/** The same for who is about to change it: others wait. */
export async function lockPlan({ db, engine }: FleetTx, host: HostKey, id: number): Promise<PlanRow> {
  const rows = ofHost(db, host).selectAll().where('id', '=', id)
  const row = await (engine === 'postgres' ? rows.forUpdate() : rows).executeTakeFirst()
  if (!row) throw notFound('Plan of inbound rules')
  return row
}

export const setPlan = (
  { db }: FleetTx,
  { id, tenant_id }: Pick<PlanRow, 'id' | 'tenant_id'>,
  columns: Partial<
    Pick<PlanRow, 'state' | 'next_step' | 'failure' | 'content' | 'applied_by' | 'started_at' | 'finished_at'>
  >,
): Promise<PlanRow> =>
  db
    .updateTable('pbx_rule_plans')
    .set(columns)
    .where('tenant_id', '=', tenant_id)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()

export async function pageOfPlans(
  db: FleetDb,
  host: HostKey,
  { page, perPage }: { page: number; perPage: number },
): Promise<Page<RulePlanSummary>> {
  const { total } = await ofHost(db, host)
    .select((of) => of.fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow()
  const rows = await ofHost(db, host)
    .select([...SUMMARY_COLUMNS])
    .orderBy('id', 'desc')
    .limit(perPage)
    .offset((page - 1) * perPage)
    .execute()
  return {
    data: rows.map(toSummary),
    current_page: page,
    last_page: Math.max(1, Math.ceil(Number(total) / perPage)),
    per_page: perPage,
    total: Number(total),
  }
}
