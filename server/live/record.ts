import type { CallEvent, CallPlace } from '../../xapi/xapi.ts'
import type { Lookup } from '../directory/directory.ts'
import { lockForTransaction } from '../platform/database/engine.ts'
import { toFlag, toJson } from '../platform/database/json.ts'
import type { Tx } from '../platform/database/store.ts'
import { callerColumns, short } from './caller.ts'
import type { CallRow } from './event-shape.ts'
import type { Claim } from './leases.ts'
import type { Publish } from './publish.ts'
import type { LiveEventsTable, LiveTables } from './tables.ts'

export type LiveTx = Tx<LiveTables>

/** What a watch has to note: what the PBX told, calls that are gone without a word, and calls to look at once more. */
export type Note =
  | { kind: 'event'; event: CallEvent; at: number }
  | { kind: 'gone'; places: readonly CallPlace[]; at: number }
  | { kind: 'settle'; callNo: number; at: number }

export type Recording = {
  /**
   * Notes one thing. What was noted before, by this hub or another, changes nothing. Answers the call that has to be looked
   * at once more a moment later: it left a number and may be at another one.
   */
  note(tx: LiveTx, claim: Claim, note: Note): Promise<number[]>
}

export type RecordingDeps = {
  lookup: Lookup
  publish: Publish
  /** Somebody talks, in the transaction that notes it. */
  talked(tx: LiveTx, row: CallRow): void
  /** A call is over, in the transaction that notes it. */
  over(tx: LiveTx, claim: Claim, callNo: number): Promise<void>
}

export function openRecording({ lookup, publish, talked, over }: RecordingDeps): Recording {
  const tell = async (
    tx: LiveTx,
    row: CallRow,
    event: Pick<LiveEventsTable, 'kind' | 'at'> & { to?: string[]; missed?: boolean },
  ) => {
    if (row.agent === null) return
    // Ids in the order of commits: whoever has seen one has seen all before it.
    await lockForTransaction(tx.engine, tx.db as never, `live ${row.tenant_id}`)
    const made = await tx.db
      .insertInto('live_events')
      .values({
        tenant_id: row.tenant_id,
        live_call_id: row.id,
        kind: event.kind,
        at: event.at,
        goes_on_at: toJson(event.to ?? []),
        missed: toFlag(event.missed ?? false),
      })
      .returning('id')
      .executeTakeFirstOrThrow()
    tx.changed(row.tenant_id, 'live_event', made.id)
  }

  const begin = async (
    tx: LiveTx,
    { hostId, tenantId }: Claim,
    event: CallEvent,
    at: number,
    callNo: number | null,
  ) => {
    const isAnswered = event.type === 'answered'
    const values = {
      tenant_id: tenantId,
      host_id: hostId,
      call_no: callNo ?? 0,
      call_id: event.callId,
      dn: event.dn,
      agent: event.agent,
      direction: event.direction,
      source: event.source,
      ...callerColumns(lookup, tenantId, event),
      called_raw: short(event.did),
      queue: short(event.via),
      started_at: at,
      answered_at: isAnswered ? at : null,
      ended_at: null,
      told: toFlag(false),
    }
    const made = await tx.db.insertInto('live_calls').values(values).returningAll().executeTakeFirstOrThrow()
    const row = callNo === null ? { ...made, call_no: made.id } : made
    if (callNo === null)
      await tx.db.updateTable('live_calls').set({ call_no: row.id }).where('id', '=', row.id).execute()
    await (isAnswered ? publish.answered(tx, row) : publish.ringing(tx, row))
    if (isAnswered) talked(tx, row)
    await tell(tx, row, { kind: event.direction === 'outbound' ? 'dialing' : 'pop', at })
  }

  const answer = async (tx: LiveTx, row: CallRow, at: number) => {
    if (row.answered_at !== null) return
    const answered = { ...row, answered_at: at }
    await tx.db.updateTable('live_calls').set({ answered_at: at }).where('id', '=', row.id).execute()
    await publish.answered(tx, answered)
    talked(tx, answered)
    await tell(tx, answered, { kind: 'answered', at })
  }

  /** What became of a call that left a number: over, or going on elsewhere. `isSure`: nothing more is waited for. */
  const settle = async (tx: LiveTx, claim: Claim, callNo: number, at: number, isSure: boolean) => {
    const { hostId } = claim
    const rows = await tx.db
      .selectFrom('live_calls')
      .selectAll()
      .where('host_id', '=', hostId)
      .where('call_no', '=', callNo)
      .orderBy('id')
      .execute()
    const left = rows.filter((row) => row.ended_at !== null && row.told === 0)
    const goingOn = rows.filter((row) => row.ended_at === null)
    if (left.length === 0) return []
    if (goingOn.length > 0 && !isSure) return [callNo]
    const to = goingOn.flatMap((row) => row.agent ?? [])
    const isAnswered = rows.some((row) => row.agent !== null && row.answered_at !== null)
    await tx.db
      .updateTable('live_calls')
      .set({ told: 1 })
      .where('host_id', '=', hostId)
      .where('call_no', '=', callNo)
      .where('ended_at', 'is not', null)
      .execute()
    for (const row of left) {
      const missed = !isAnswered && row.direction !== 'outbound'
      if (goingOn.length > 0) await tell(tx, row, { kind: 'moved', at, to })
      else await tell(tx, row, { kind: 'ended', at, missed })
    }
    if (goingOn.length > 0) return []
    await publish.ended(tx, rows, isAnswered)
    await over(tx, claim, callNo)
    return []
  }

  const end = async (tx: LiveTx, claim: Claim, row: CallRow, at: number) => {
    await tx.db.updateTable('live_calls').set({ ended_at: at }).where('id', '=', row.id).execute()
    return settle(tx, claim, row.call_no, at, false)
  }

  const goingOn = ({ db }: LiveTx, { hostId }: Claim, callId: string) =>
    db
      .selectFrom('live_calls')
      .selectAll()
      .where('host_id', '=', hostId)
      .where('call_id', '=', callId)
      .where('ended_at', 'is', null)
      .orderBy('id')
      .execute()

  return {
    async note(tx, claim, note) {
      if (note.kind === 'settle') return settle(tx, claim, note.callNo, note.at, true)
      if (note.kind === 'gone') {
        const later: number[] = []
        for (const { callId, dn } of note.places) {
          const row = (await goingOn(tx, claim, callId)).find((one) => one.dn === dn)
          if (row) later.push(...(await end(tx, claim, row, note.at)))
        }
        return later
      }
      const { event, at } = note
      const there = await goingOn(tx, claim, event.callId)
      const row = there.find((one) => one.dn === event.dn)
      if (event.type === 'ended') return row ? end(tx, claim, row, at) : []
      if (row && event.type === 'answered') await answer(tx, row, at)
      else if (!row) await begin(tx, claim, event, at, there[0]?.call_no ?? null)
      return []
    },
  }
}
