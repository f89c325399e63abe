import type { Page } from '../../../contract/common.ts'
import type {
  RuleFileHosts,
  RulePlan,
  RulePlanQuery,
  RulePlanSummary,
} from '../../../contract/pbx-rule-plans.ts'
import { recordAudit, type Actor } from '../../platform/audit.ts'
import type { Committed } from '../../platform/committed.ts'
import { toJson } from '../../platform/database/json.ts'
import { HubError } from '../../platform/errors.ts'
import type { Log } from '../../platform/log.ts'
import type { Work } from '../../platform/work/work.ts'
import { hostIdOf, lockHost, readHost } from '../hosts.ts'
import { readConfiguration } from '../snapshots/reading.ts'
import type { LastRead, Snapshots } from '../snapshots/snapshots.ts'
import type { HostKey } from '../snapshots/shelf.ts'
import { isoTime, write, type FleetDeps, type FleetStore, type FleetTx, type Reach } from '../write.ts'
import type { ChangeTrail } from '../xapi-changes.ts'
import { inTime } from '../xapi-deadline.ts'
import type { XapiSessions } from '../xapi-sessions.ts'
import { APPLY_PLAN, planApplying } from './applying.ts'
import { writeCsv } from './csv-form.ts'
import { driftOf, outdated, rulesOf } from './drift.ts'
import { writeYaml, writtenRule } from './export-rules.ts'
import { hostsOfFile, partFor } from './hosts-of-file.ts'
import { goalOf, planFor } from './make-plan.ts'
import { goalOfUndo } from './make-undo.ts'
import { readPbxState, readPresentRules, type Around, type PbxState } from './pbx-state.ts'
import {
  beforeOfPlan,
  contentOfPlan,
  insertPlan,
  lockPlan,
  pageOfPlans,
  readPlan,
  setPlan,
  toPlan,
  toSummary,
  type MadePlan,
  type PlanRow,
} from './plan-rows.ts'
import { openProblems } from './problems.ts'
import { readTruth, type FileFormat } from './rule-file.ts'

export type RuleFile = { text: string; format: FileFormat }

/**
 * Inbound rules as files. A host is named by id or code; HubErrors `not_found`, and `pbx_…` where the PBX is read.
 */
export type RulePlans = {
  /** The PBXs a file is for. HubError `validation_failed`. */
  hostsOf(reach: Reach, file: RuleFile): Promise<RuleFileHosts>
  /** What a file would do to a PBX; nothing is sent. HubError `validation_failed` with every place in the file. */
  create(
    actor: Actor,
    reach: Reach,
    host: string,
    file: RuleFile,
    query: RulePlanQuery,
  ): Promise<Committed<RulePlan>>
  list(reach: Reach, host: string, paging: { page: number; perPage: number }): Promise<Page<RulePlanSummary>>
  get(reach: Reach, host: string, id: number): Promise<RulePlan>
  /**
   * Has a plan applied, or one that stopped go on; one that is being applied stays as it is. HubErrors `plan_expired`,
   * `plan_outdated`, `conflict` for one that is applied or undone, `validation_failed` for one with complaints that refuse.
   */
  apply(actor: Actor, reach: Reach, host: string, id: number): Promise<Committed<RulePlan>>
  /** A plan that takes back what a plan did, also one that stopped half-way. HubError `conflict` for one that did nothing. */
  undo(
    actor: Actor,
    reach: Reach,
    host: string,
    id: number,
    query: Pick<RulePlanQuery, 'reorder'>,
  ): Promise<Committed<RulePlan>>
  /** The rules as a file that changes nothing. */
  export(reach: Reach, host: string, format: FileFormat): Promise<{ text: string; name: string }>
}

export type RulePlansOptions = {
  store: FleetStore
  xapi: XapiSessions
  trail: ChangeTrail
  snapshots: Snapshots
  work: Work
  log: Log
}

const PATIENCE_MS = 60_000

export function openRulePlans(options: RulePlansOptions, deps: FleetDeps): RulePlans {
  const { store, xapi, trail, snapshots, work, log } = options
  const { clock, tenant } = deps
  planApplying(work, { store, clock, log, xapi, trail })

  const hostOf = async (reach: Reach, named: string): Promise<HostKey> => ({
    tenantId: reach.tenantId,
    hostId: await hostIdOf(store, reach, named),
  })
  const lastOf = async (reach: Reach, host: string): Promise<LastRead | null> => {
    try {
      return await snapshots.last(reach, host)
    } catch (error) {
      if (error instanceof HubError && error.code === 'not_found') return null
      throw error
    }
  }
  /** Rules, trunks and numbers as they are now; everything behind them from the last snapshot, or read when there is none. */
  const stateOf = (reach: Reach, { hostId }: HostKey): Promise<PbxState> =>
    inTime('inbound rules', PATIENCE_MS, async (signal) => {
      const pbx = await xapi.open(reach, hostId)
      const last = await lastOf(reach, String(hostId))
      const { time_zone } = await readHost(store, reach, hostId)
      const zone = time_zone ?? tenant(reach.tenantId)?.timeZone ?? 'UTC'
      if (last === null) {
        const taken_at = isoTime(clock.now())
        const configuration = await readConfiguration(pbx, signal)
        const read = { source: 'pbx', snapshot_id: null, taken_at, age_seconds: 0, failure: null } as const
        return readPbxState(pbx, { configuration, zone, read }, signal)
      }
      const { id: snapshot_id, taken_at } = last.snapshot
      const age_seconds = Math.floor(Math.max(0, clock.now() - Date.parse(taken_at)) / 1000)
      const read: Around['read'] = { source: 'snapshot', snapshot_id, taken_at, age_seconds, failure: null }
      return readPbxState(pbx, { configuration: last.configuration, zone, read }, signal)
    })
  const keep = (actor: Actor, host: HostKey, made: MadePlan) =>
    write(store, async (tx) => {
      await lockHost(tx, host.tenantId, host.hostId)
      const row = await insertPlan(tx, host, made, { by: actor.name, now: clock.now() })
      await audit(tx, actor, 'create', null, row)
      return toPlan(row)
    })

  return {
    hostsOf: (reach, file) => hostsOfFile(store, reach, file),
    async create(actor, reach, named, file, query) {
      const host = await hostOf(reach, named)
      const part = await partFor(store, reach, host.hostId, file)
      const state = await stateOf(reach, host)
      const problems = openProblems()
      const goal = goalOf(part, state, query, problems)
      problems.done()
      const isPartial = !goal.hasOrder
      const made = await planFor(goal, state, {
        document: file.text,
        undoes: null,
        now: clock.now(),
        isPartial,
      })
      return keep(actor, host, made)
    },
    async list(reach, named, paging) {
      return pageOfPlans(store.read, await hostOf(reach, named), paging)
    },
    async get(reach, named, id) {
      return toPlan(await readPlan(store.read, await hostOf(reach, named), id))
    },
    async apply(actor, reach, named, id) {
      const host = await hostOf(reach, named)
      const seen = await readPlan(store.read, host, id)
      refuseApply(seen, clock.now())
      if (seen.state !== 'applying') await refuseDrift(seen, reach)
      return write(store, async (tx) => {
        const row = await lockPlan(tx, host, id)
        refuseApply(row, clock.now())
        const before = row.state === 'applying' ? null : row
        const started =
          before === null
            ? row
            : await setPlan(tx, row, {
                state: 'applying',
                failure: null,
                applied_by: toJson(actor),
                started_at: row.started_at ?? clock.now(),
                finished_at: null,
              })
        // One that is being applied may wait for a hub that is no more: looked at again, it goes on.
        await work.add(tx as never, {
          tenantId: host.tenantId,
          kind: APPLY_PLAN,
          payload: { plan: id },
          unique: String(id),
          again: true,
          key: `rules of ${host.hostId}`,
        })
        if (before !== null) await audit(tx, actor, 'update', before, started)
        return toPlan(started)
      })
    },
    async undo(actor, reach, named, id, query) {
      const host = await hostOf(reach, named)
      const row = await readPlan(store.read, host, id)
      if (row.state === 'planned')
        throw new HubError('conflict', 'This plan was not applied: there is nothing to undo.')
      if (row.state === 'undone') throw new HubError('conflict', 'This plan was undone already.')
      if (row.state === 'applying')
        throw new HubError('conflict', 'This plan is being applied: wait until that ends or stops.')
      const state = await stateOf(reach, host)
      const reorder = query.reorder === undefined ? row.reorder === 1 : readTruth(query.reorder) === true
      const goal = goalOfUndo(
        { steps: contentOfPlan(row).steps, before: beforeOfPlan(row), reorder },
        state.rules,
      )
      const about = { document: null, undoes: id, now: clock.now(), isPartial: !reorder }
      return keep(actor, host, await planFor(goal, state, about))
    },
    async export(reach, named, format) {
      const host = await hostOf(reach, named)
      const { code } = await readHost(store, reach, host.hostId)
      const { rules, known } = await stateOf(reach, host)
      const contents = rules.map(({ content }) => content)
      const name = `inbound-rules-${code}.${format}`
      if (format === 'csv') return { text: writeCsv(null, contents), name }
      if (format === 'yaml') return { text: writeYaml(code, contents, known), name }
      const file = { format: 1, host: code, rules: contents.map(writtenRule) }
      return { text: `${JSON.stringify(file, null, 2)}\n`, name }
    },
  }

  async function refuseDrift(row: PlanRow, reach: Reach): Promise<void> {
    const now = await inTime('inbound rules', PATIENCE_MS, async (signal) =>
      readPresentRules(await xapi.open(reach, row.pbx_host_id), signal),
    )
    const plan = { steps: contentOfPlan(row).steps, before: beforeOfPlan(row), isWhole: row.partial === 0 }
    const drift = driftOf(plan, row.next_step, rulesOf(now.rules))
    if (drift.length > 0) throw outdated(drift)
  }
}

function refuseApply(row: PlanRow, now: number): void {
  if (row.state === 'applied') throw new HubError('conflict', 'This plan was applied already.')
  if (row.state === 'undone') throw new HubError('conflict', 'This plan was undone: make a new one.')
  if (row.refused === 1) {
    const fields: Record<string, string[]> = {}
    for (const { rule, field, message, refuses } of contentOfPlan(row).complaints)
      if (refuses) (fields[`${rule}: ${field}`] ??= []).push(message)
    const [first] = Object.values(fields)
    throw new HubError('validation_failed', `The plan cannot be applied: ${first?.[0] ?? ''}`, { fields })
  }
  if (row.state === 'planned' && row.expires_at <= now)
    throw new HubError('plan_expired', 'The plan is older than a day: make a new one.')
}

async function audit(
  tx: FleetTx,
  actor: Actor,
  action: 'create' | 'update',
  before: PlanRow | null,
  after: PlanRow,
): Promise<void> {
  const told = (row: PlanRow) => {
    const { id: _id, created_by: _by, can_apply: _can, ...summary } = toSummary(row)
    return summary
  }
  await recordAudit(tx, actor, {
    action,
    entity: 'pbx_rule_plan',
    entityId: after.id,
    ...(before === null ? {} : { before: told(before) }),
    after: told(after),
  })
}
