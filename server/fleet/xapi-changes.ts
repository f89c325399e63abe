import type { Operation, XapiClient } from '../../xapi/xapi.ts'
import { recordProgress, type Act, type Actor } from '../platform/audit.ts'
import type { Clock } from '../platform/clock.ts'
import { withoutReceipt } from '../platform/current-receipt.ts'
import { toJson } from '../platform/database/json.ts'
import type { Log } from '../platform/log.ts'
import type { FleetStore, FleetTx } from './write.ts'
import { maskedCopy } from './xapi-masking.ts'
import type { Reader } from './xapi-reader.ts'

/** A change of a PBX that is about to be asked for. */
export type Change = {
  actor: Actor
  hostId: number
  operation: Pick<Operation, 'id' | 'method' | 'path'>
  parameters: Readonly<Record<string, unknown>>
  body: unknown
}
/** What became of it: `failed` when it was refused or never reached the PBX, `unknown` when the answer was lost. */
export type Outcome = {
  outcome: 'done' | 'failed' | 'unknown'
  /** Of the PBX's answer; null = none. */
  status: number | null
  /** Why it failed or was lost. */
  message: string | null
  before: unknown
  after: unknown
}

/** The trail of changes of PBXs: an audit record that is there before anything is sent, and what was before and after. */
export type ChangeTrail = {
  /** Notes that this change is about to be sent; answers the record's id. Throws when the store is away: nothing is sent unaudited. */
  begin(change: Change): Promise<number>
  /** Notes what became of it, in one transaction that returns `answer`. */
  end<T>(change: Change, id: number, outcome: Outcome, answer: T): Promise<T>
  /** As `end`, of a change whose request is answered with an error. Never throws. */
  fail(change: Change, id: number, outcome: Outcome): Promise<void>
}

export function openChangeTrail(store: FleetStore, clock: Clock, log: Log): ChangeTrail {
  const write = async (tx: FleetTx, change: Change, id: number, outcome: Outcome) => {
    await recordProgress(tx, change.actor, actOf(change, outcome), id)
    if (outcome.outcome !== 'failed') await recordChange(tx, clock, change, outcome)
  }
  return {
    async begin(change) {
      const { value } = await withoutReceipt(() =>
        store.transact((tx) => recordProgress(tx, change.actor, actOf(change, null), null)),
      )
      return value
    },
    async end(change, id, outcome, answer) {
      try {
        await store.transact(async (tx) => {
          await write(tx, change, id, outcome)
          return answer
        })
      } catch (error) {
        // The PBX has done it: that is what its caller must hear. The record says that it was sent.
        log.error('what became of a change of a PBX could not be audited', { error, audit: id })
      }
      return answer
    },
    async fail(change, id, outcome) {
      try {
        await withoutReceipt(() => store.transact((tx) => write(tx, change, id, outcome)))
      } catch (error) {
        log.error('what became of a change of a PBX could not be audited', { error, audit: id })
      }
    },
  }
}

function actOf({ hostId, operation, parameters, body }: Change, outcome: Outcome | null): Act {
  const { id, method, path } = operation
  const sent = { operation: id, method, path, parameters: maskedCopy(parameters), body: maskedCopy(body) }
  const became =
    outcome === null
      ? { outcome: 'sent' }
      : { outcome: outcome.outcome, status: outcome.status, message: outcome.message }
  return { action: 'call', entity: 'pbx_host', entityId: hostId, after: { ...sent, ...became } }
}

/** What the section of audits shows of it, beside what people write there. */
async function recordChange(
  { db }: FleetTx,
  clock: Clock,
  { actor, hostId, operation, parameters }: Change,
  { outcome, before, after }: Outcome,
): Promise<void> {
  const now = clock.now()
  const jsonOf = (value: unknown) =>
    value === null || value === undefined ? null : toJson(maskedCopy(value))
  await db
    .insertInto('pbx_audits')
    .values({
      tenant_id: actor.tenantId,
      pbx_host_id: hostId,
      kind: 'change',
      closed: 0,
      object: `${operation.id} ${filled(operation.path, parameters)}`,
      before: jsonOf(before),
      after: jsonOf(after),
      comment:
        outcome === 'unknown' ? 'The answer of the PBX was lost: it may not have been carried out.' : null,
      happened_at: now,
      who: actor.name,
      source: 'xapi',
      created_at: now,
      updated_at: now,
    })
    .execute()
}

const filled = (path: string, parameters: Readonly<Record<string, unknown>>): string =>
  path.replaceAll(/\{([^}]*)\}/g, (whole, name: string) => {
    const value = parameters[name]
    return typeof value === 'string' || typeof value === 'number' ? String(value) : whole
  })

/** The thing that is changed as it is now; null when it cannot be read. */
export async function readState(
  pbx: XapiClient,
  reader: Reader | null,
  signal: AbortSignal,
): Promise<unknown> {
  if (reader === null) return null
  try {
    return await pbx.call(reader.id, reader.parameters, { signal })
  } catch {
    return null
  }
}
