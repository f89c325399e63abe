import type { Selectable } from 'kysely'
import type { CallEventData } from '../../contract/events.ts'
import type { Clock } from '../platform/clock.ts'
import { fromJson } from '../platform/database/json.ts'
import type { Handler, Work } from '../platform/work/work.ts'
import type { CallsTable } from './call-tables.ts'
import type { CallTx } from './call-write.ts'
import type { AppendEvent } from './events.ts'
import { isoOrNull, isoTime, type JournalStore, type JournalTx } from './write.ts'

const KIND = 'call_over'
/** Calls that were over longer ago than that are history, and nobody is told of them as if they were news. */
const LATE_MS = 60 * 60_000
/** Records of one call come one after the other; the last of them may say that somebody answered. */
const SETTLE_MS = 10_000
/** How far the clocks of a PBX and of the hub that watches it may be apart. */
const CLOCKS_APART_MS = 60_000

type Over = { host: number; call: string }
type Row = Selectable<CallsTable>

/** The key of a call's event; `call` as in `CallEventData`. */
export const callEventKey = (hostId: number, call: string, what: 'ended' | 'missed'): string =>
  `call:${hostId}:${call}:${what}`

/** Has a call that is over told of, once its records have come, in the transaction that stitched it. */
type Place = { tenantId: number; hostId: number; callKey: string }
export type PlanCallOver = (tx: CallTx, place: Place, call: Pick<Row, 'ended_at'>) => Promise<void>

export function openPlanCallOver(work: Pick<Work, 'add'>, clock: Clock): PlanCallOver {
  return async (tx, { tenantId, hostId, callKey }, { ended_at }) => {
    if (ended_at === null || clock.now() - ended_at > LATE_MS) return
    const payload: Over = { host: hostId, call: callKey }
    const unique = `call ${hostId} ${callKey}`
    await work.add(tx as never, { tenantId, kind: KIND, unique, payload, afterMs: SETTLE_MS })
  }
}

function toData(row: Row): CallEventData {
  return {
    host_id: row.host_id,
    call: row.call_key,
    direction: row.direction,
    status: row.status,
    caller_number: row.caller_number,
    caller_e164: row.caller_e164,
    caller_name: row.caller_name,
    called_number: row.called_number,
    called_e164: row.called_e164,
    queue: row.queue,
    agent_extension: row.agent_extension,
    agent_name: row.agent_name,
    started_at: isoTime(row.started_at),
    answered_at: isoOrNull(row.answered_at),
    ended_at: isoOrNull(row.ended_at),
    ring_ms: row.ring_ms,
    wait_ms: row.wait_ms,
    talk_ms: row.talk_ms,
    customer_id: row.customer_id,
    contact_id: row.contact_id,
    call_log_id: row.id,
  }
}

const outsideOf = ({ direction, ...of }: CallEventData | Row) =>
  direction === 'outbound' ? [of.called_e164, of.called_number] : [of.caller_e164, of.caller_number]

/** Whether two accounts of a call on one host may be of the same one: same number, begun at the same time. */
function isSameCall(told: CallEventData, row: Row): boolean {
  const began = told.started_at === null ? row.started_at : Date.parse(told.started_at)
  if (Math.abs(began - row.started_at) > CLOCKS_APART_MS) return false
  const [one, other] = [outsideOf(told), outsideOf(row)]
  const isWithheld = [...one, ...other].every((number) => number === null)
  return isWithheld || one.some((number, i) => number !== null && number === other[i])
}

/** Whether somebody who watched the call has told of its end, under the name that he knew it by. */
async function isToldLive(tx: JournalTx, row: Row): Promise<boolean> {
  const told = await tx.db
    .selectFrom('events')
    .select('data')
    .where('tenant_id', '=', row.tenant_id)
    .where('host_id', '=', row.host_id)
    .where('kind', '=', 'call.ended')
    .where('happened_at', '>=', row.started_at - CLOCKS_APART_MS)
    .where('happened_at', '<=', (row.ended_at ?? row.started_at) + CLOCKS_APART_MS)
    .execute()
  return told
    .map(({ data }) => fromJson<CallEventData>(data))
    .some((data) => !/^(history|record):/.test(data.call) && isSameCall(data, row))
}

/** Tells of calls that are known by their records alone. */
export function callOver(store: JournalStore, append: AppendEvent): Handler<Over> {
  return {
    kind: KIND,
    attempts: 1_000,
    async run(task) {
      const { tenantId, payload } = task
      await store.transact(async (tx) => {
        const row = await tx.db
          .selectFrom('calls')
          .selectAll()
          .where('tenant_id', '=', tenantId)
          .where('host_id', '=', payload.host)
          .where('call_key', '=', payload.call)
          .executeTakeFirst()
        // Of a call that is provisional another source has the last word; its record plans this anew.
        if (row?.ended_at && row.provisional === 0 && !(await isToldLive(tx, row))) {
          const event = { tenantId, happenedAt: row.ended_at, data: toData(row) }
          const key = (what: 'ended' | 'missed') => callEventKey(row.host_id, row.call_key, what)
          await append(tx as never, { ...event, kind: 'call.ended', key: key('ended') })
          const isMissed =
            row.status !== 'answered' && (row.direction === null || row.direction === 'inbound')
          if (isMissed) await append(tx as never, { ...event, kind: 'call.missed', key: key('missed') })
        }
        await task.finish(tx as never)
      })
    },
  }
}
