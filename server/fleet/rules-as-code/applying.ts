import { setTimeout as wait } from 'node:timers/promises'
import type { XapiClient } from '../../../xapi/xapi.ts'
import { recordAudit, type Actor } from '../../platform/audit.ts'
import type { Clock } from '../../platform/clock.ts'
import { fromJson, toJson } from '../../platform/database/json.ts'
import { HubError } from '../../platform/errors.ts'
import type { Log } from '../../platform/log.ts'
import { LeaseLost, type Task, type Work } from '../../platform/work/work.ts'
import type { FleetStore, FleetTx } from '../write.ts'
import { canonicalRow } from '../snapshots/canonical.ts'
import { asPbxError, isPassing } from '../xapi-errors.ts'
import type { ChangeTrail } from '../xapi-changes.ts'
import type { XapiSessions } from '../xapi-sessions.ts'
import { changesOf } from './content.ts'
import { driftOf, outdated, rulesOf, standingOf } from './drift.ts'
import type { PresentRule } from './matching.ts'
import { readPresentRules } from './pbx-state.ts'
import {
  beforeOfPlan,
  contentOfPlan,
  setPlan,
  toSummary,
  type PlanFailure,
  type PlanRow,
} from './plan-rows.ts'
import { openSender, type Send } from './sending.ts'
import type { Step } from './steps.ts'

export const APPLY_PLAN = 'pbx_rule_plan'
export type ApplyPayload = { plan: number }

export type ApplyingDeps = {
  store: FleetStore
  clock: Clock
  log: Log
  xapi: XapiSessions
  trail: ChangeTrail
}

/** Rules read longer ago than this are read again before the next step: others may be at work on them. */
const FRESH_MS = 5_000
/** Attempts of one step after the connection was lost or the PBX was away for a moment. */
const ATTEMPTS = 4
const FIRST_PAUSE_MS = 200

type Running = {
  row: PlanRow
  steps: readonly Step[]
  before: readonly PresentRule[]
  actor: Actor
  pbx: XapiClient
  send: Send
  task: Task<ApplyPayload>
}

/** Applies plans, wherever a hub of this store has room; one at a time for a PBX. */
export function planApplying(work: Work, deps: ApplyingDeps): void {
  const { store, log } = deps
  work.handle<ApplyPayload>({
    kind: APPLY_PLAN,
    async run(task) {
      const row = await store.read
        .selectFrom('pbx_rule_plans')
        .selectAll()
        .where('tenant_id', '=', task.tenantId)
        .where('id', '=', task.payload.plan)
        .executeTakeFirst()
      if (row?.state !== 'applying' || row.applied_by === null) return
      const actor = fromJson<Actor>(row.applied_by)
      try {
        await applyPlan(deps, row, actor, task)
      } catch (error) {
        const told = asPbxError(error)
        // A store that is away, a hub that stops, a lease that was lost: whoever takes the task next goes on.
        if (task.signal.aborted || error instanceof LeaseLost || isOfStore(told)) throw error
        if (!(told instanceof HubError))
          log.error('a plan of inbound rules could not be applied', { error, plan: row.id })
        await stop(deps, row, actor, task, failureOf(told))
      }
    },
  })
}

const isOfStore = (error: unknown) =>
  error instanceof HubError && (error.code === 'store_unavailable' || error.code === 'store_full')
const failureOf = (error: unknown): PlanFailure =>
  error instanceof HubError
    ? { code: error.code, message: error.message }
    : { code: 'internal', message: 'A fault of ours; the log has it.' }

async function applyPlan(
  deps: ApplyingDeps,
  row: PlanRow,
  actor: Actor,
  task: Task<ApplyPayload>,
): Promise<void> {
  const hostId = row.pbx_host_id
  const { signal } = task
  const pbx = await deps.xapi.open({ tenantId: row.tenant_id, hostId: null }, hostId)
  const { steps } = contentOfPlan(row)
  const trunks = await Array.fromAsync(pbx.trunks.list({ signal }), canonicalRow)
  const send = openSender(deps.trail, { pbx, actor, hostId, trunks, signal })
  const running: Running = { row, steps, before: beforeOfPlan(row), actor, pbx, send, task }
  let now: readonly PresentRule[] = await rulesNow(running)
  let readAt = performance.now()
  refuseDrift(running, row.next_step, now)
  for (let at = row.next_step; at < steps.length;) {
    if (performance.now() - readAt > FRESH_MS) {
      now = await rulesNow(running)
      readAt = performance.now()
    }
    now = await takeStep(deps, running, at, now)
    at += 1
  }
  await finish(deps, running, await rulesNow(running))
}

const rulesNow = async ({ pbx, task }: Running) => (await readPresentRules(pbx, task.signal)).rules

function refuseDrift({ row, steps, before }: Running, next: number, now: readonly PresentRule[]): void {
  const drift = driftOf({ steps, before, isWhole: row.partial === 0 }, next, rulesOf(now))
  if (drift.length > 0) throw outdated(drift)
}

/** Takes one step, unless it turns out to be done; answers the rules after it. Once it is noted, it is not looked at again. */
async function takeStep(
  { store }: ApplyingDeps,
  running: Running,
  at: number,
  known: readonly PresentRule[],
): Promise<readonly PresentRule[]> {
  const { steps, row, send, task } = running
  const step = steps[at]
  if (step === undefined) return known
  let now = known
  for (let tries = 1; ; tries++) {
    const standing = standingOf(step, rulesOf(now))
    if (standing === 'drifted') throw outdated([`${step.rule} is not as it was.`])
    task.signal.throwIfAborted()
    // Whoever has lost the task sends nothing more.
    await store.transact((tx) => task.hold(tx as never))
    if (standing === 'done') break
    try {
      now = afterStep(now, step, await send(step))
      break
    } catch (thrown) {
      const error = asPbxError(thrown)
      const isLost = error instanceof HubError && error.code === 'pbx_outcome_unknown'
      if (
        !(error instanceof HubError) ||
        !(isLost || isPassing(error)) ||
        isOfStore(error) ||
        tries === ATTEMPTS
      )
        throw error
      await wait(FIRST_PAUSE_MS * 2 ** (tries - 1), undefined, { signal: task.signal })
      now = await rulesNow(running)
    }
  }
  await store.transact(async (tx) => {
    await task.hold(tx as never)
    await setPlan(tx, row, { next_step: at + 1 })
  })
  return now
}

/** The list as it is once a step is done; a new rule comes last. */
function afterStep(
  now: readonly PresentRule[],
  { act, rule_id, after }: Step,
  id: number | null,
): PresentRule[] {
  if (act === 'remove') return now.filter((rule) => rule.id !== rule_id)
  if (after === null) return [...now]
  if (act === 'add') return [...now, { id: id ?? 0, content: after }]
  return now.map((rule) => (rule.id === rule_id ? { id: rule.id, content: after } : rule))
}

async function finish(
  { store, clock }: ApplyingDeps,
  running: Running,
  now: readonly PresentRule[],
): Promise<void> {
  const { row, steps, actor, task } = running
  const content = contentOfPlan(row)
  const notes = [...content.notes, ...keptOtherwise(steps, now)]
  await store.transact(async (tx) => {
    await task.finish(tx as never)
    const done = await setPlan(tx, row, {
      state: 'applied',
      failure: null,
      next_step: steps.length,
      finished_at: clock.now(),
      content: toJson({ ...content, notes }),
    })
    await audit(tx, actor, row, done)
    if (row.undoes !== null)
      await setPlan(tx, { id: row.undoes, tenant_id: row.tenant_id }, { state: 'undone' })
  })
}

/** What the PBX took and made something else of. */
function keptOtherwise(steps: readonly Step[], now: readonly PresentRule[]): string[] {
  const rules = rulesOf(now)
  return steps.flatMap((step) => {
    const { rule, rule_id, after } = step
    if (after === null || standingOf(step, rules) === 'done') return []
    const present = rule_id === null ? undefined : rules.byId.get(rule_id)
    const fields = present === undefined ? [] : changesOf(present, after).map(({ field }) => field)
    return [`${rule}: the PBX keeps it otherwise${fields.length > 0 ? ` (${fields.join(', ')})` : ''}.`]
  })
}

async function stop(
  { store, clock }: ApplyingDeps,
  row: PlanRow,
  actor: Actor,
  task: Task<ApplyPayload>,
  failure: PlanFailure,
): Promise<void> {
  await store.transact(async (tx) => {
    await task.finish(tx as never)
    const stopped = await setPlan(tx, row, {
      state: 'stopped',
      failure: toJson(failure),
      finished_at: clock.now(),
    })
    await audit(tx, actor, row, stopped)
  })
}

/** What became of a plan, as the audit trail tells it: how far it came, and why no further. */
async function audit(tx: FleetTx, actor: Actor, before: PlanRow, after: PlanRow): Promise<void> {
  const told = (row: PlanRow) => {
    const { state, progress, failure } = toSummary(row)
    return { host: row.pbx_host_id, state, progress, failure }
  }
  await recordAudit(tx, actor, {
    action: 'update',
    entity: 'pbx_rule_plan',
    entityId: before.id,
    before: told(before),
    after: told(after),
  })
}
