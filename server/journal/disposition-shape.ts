import type { Selectable } from 'kysely'
import type { Disposition } from '../../contract/dispositions.ts'
import type { DispositionsTable } from './tables.ts'
import { isoOrNull, isoTime } from './write.ts'

const NOBODY_MERGED: ReadonlyMap<number, number> = new Map()

/** A row as it is answered, ids that were merged away meaning their survivors. */
export function toDisposition(
  row: Selectable<DispositionsTable>,
  survivors: ReadonlyMap<number, number> = NOBODY_MERGED,
): Disposition {
  return {
    id: row.id,
    recorded_at: isoTime(row.recorded_at),
    number: row.number_raw,
    e164: row.e164,
    ...followedParty(row, survivors),
    status: row.status,
    comment: row.comment,
    agent: row.agent,
    call: row.call,
    call_log_id: row.call_log_id,
    due_at: isoOrNull(row.due_at),
    user_id: row.user_id,
    token_id: row.token_id,
    updated_at: isoTime(row.updated_at),
  }
}

type PartyIds = { customer_id: number | null; contact_id: number | null }

/** The parties of a row as they are known now. */
export function followedParty(row: PartyIds, survivors: ReadonlyMap<number, number>): PartyIds {
  const follow = (id: number | null) => (id === null ? null : (survivors.get(id) ?? id))
  return { customer_id: follow(row.customer_id), contact_id: follow(row.contact_id) }
}

/** The ids whose survivors `followedParty` wants to know. */
export function partyIdsOf(rows: readonly PartyIds[]): number[] {
  return [...new Set(rows.flatMap((row) => [row.customer_id ?? [], row.contact_id ?? []].flat()))]
}
