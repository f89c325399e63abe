import type { CallEventData } from '../../contract/events.ts'
import type { CallStatus } from '../../contract/pbx3cx-calls.ts'
import type { Lookup } from '../directory/directory.ts'
import type { AppendEvent } from '../journal/journal.ts'
import type { CallRow } from './event-shape.ts'
import { partyOf, isToColleague } from './caller.ts'
import type { LiveTx } from './record.ts'

const isoOrNull = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString())
const between = (from: number | null, to: number | null) =>
  from === null || to === null ? null : Math.max(0, to - from)

/** Tells of calls beyond the hub: an event of each, exactly once, in the transaction that notes what happened. */
export type Publish = {
  /** It rings at a phone, or arrives where none rings yet. */
  ringing(tx: LiveTx, row: CallRow): Promise<void>
  answered(tx: LiveTx, row: CallRow): Promise<void>
  /** The whole call, by all the numbers it was at. */
  ended(tx: LiveTx, rows: CallRow[], isAnswered: boolean): Promise<void>
}

export function openPublish({ lookup, append }: { lookup: Lookup; append: AppendEvent }): Publish {
  const outsideOnly = ({ tenant_id, called_raw }: CallRow): string | null => {
    const read = called_raw === null ? null : lookup.read(tenant_id, called_raw)
    return read?.kind === 'external' ? read.e164 : null
  }
  const dataOf = (row: CallRow, status: CallStatus | null): CallEventData => {
    const { started_at, answered_at, ended_at } = row
    const party = partyOf(lookup, row)
    const other = { number: row.number_raw, e164: row.e164 }
    const isCalling = row.direction === 'outbound'
    return {
      host_id: row.host_id,
      call: `live:${row.call_no}`,
      direction: isToColleague(lookup, row) ? 'internal' : row.direction,
      status,
      caller_number: isCalling ? row.dn : other.number,
      caller_e164: isCalling ? null : other.e164,
      caller_name: isCalling ? null : row.caller_name,
      called_number: isCalling ? other.number : (row.called_raw ?? null),
      called_e164: isCalling ? other.e164 : outsideOnly(row),
      queue: row.queue,
      agent_extension: row.agent,
      agent_name: null,
      started_at: isoOrNull(started_at),
      answered_at: isoOrNull(answered_at),
      ended_at: isoOrNull(ended_at),
      ring_ms: between(started_at, answered_at ?? ended_at),
      wait_ms: null,
      talk_ms: between(answered_at, ended_at),
      customer_id: row.customer_id,
      customer_name: party.customer?.name ?? null,
      contact_id: row.contact_id,
      contact_name: party.contact?.name ?? null,
      vip: party.vip,
      call_log_id: null,
    }
  }
  const tell = async (
    tx: LiveTx,
    row: CallRow,
    what: 'ringing' | 'answered' | 'ended' | 'missed',
    happenedAt: number,
    status: CallStatus | null,
  ) => {
    // A call rings and is answered at each phone by itself, and again when it comes back to one.
    const place = what === 'ringing' || what === 'answered' ? `:${row.dn}:${row.id}` : ''
    const key = `call:${row.host_id}:live:${row.call_no}:${what}${place}`
    const event = { tenantId: row.tenant_id, key, happenedAt, data: dataOf(row, status) }
    await append(tx as never, { kind: `call.${what}`, ...event })
  }

  return {
    async ringing(tx, row) {
      if (!isToColleague(lookup, row)) await tell(tx, row, 'ringing', row.started_at, null)
    },
    async answered(tx, row) {
      // A queue that takes a call is nobody who answers; of two colleagues the one who was called does.
      if (row.agent !== null && !isToColleague(lookup, row))
        await tell(tx, row, 'answered', row.answered_at ?? row.started_at, null)
    },
    async ended(tx, rows, isAnswered) {
      const [first] = rows
      if (!first) return
      const by = rows
        .filter((row) => row.agent !== null && row.answered_at !== null)
        .toSorted((one, other) => (one.answered_at ?? 0) - (other.answered_at ?? 0))
      // Best told by a number that was called.
      const told = rows.find((row) => row.direction === 'inbound') ?? rows.at(-1) ?? first
      const queue = rows.find((row) => row.queue !== null)?.queue ?? null
      const isQueued = queue !== null || rows.some((row) => row.agent === null)
      const whole = {
        ...told,
        queue: queue ?? rows.find((row) => row.agent === null)?.dn ?? null,
        agent: (by.at(-1) ?? rows.findLast((row) => row.agent !== null))?.agent ?? null,
        started_at: first.started_at,
        answered_at: by[0]?.answered_at ?? null,
        ended_at: Math.max(...rows.map((row) => row.ended_at ?? 0)),
      }
      const status = isAnswered ? 'answered' : isQueued ? 'abandoned' : 'missed'
      await tell(tx, whole, 'ended', whole.ended_at, status)
      if (!isAnswered && whole.direction === 'inbound')
        await tell(tx, whole, 'missed', whole.ended_at, status)
    },
  }
}
