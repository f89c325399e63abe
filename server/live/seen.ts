import { sql, type Selectable } from 'kysely'
import type { FindSeenCall, SeenCall } from '../journal/journal.ts'
import { numbersInDepartments } from '../fleet/fleet.ts'
import type { Store } from '../platform/database/store.ts'
import type { LiveCallsTable, LiveTables } from './tables.ts'

type Row = Selectable<LiveCallsTable>

const OURS = /^live:(\d{1,15})$/

const latest = (at: (number | null)[]) => Math.max(...at.map((one) => one ?? 0))

/** A whole call by all the numbers it was at, in the order it came to them; null for none. */
export function seenCall(rows: readonly Row[]): SeenCall | null {
  const [first] = rows
  if (!first) return null
  const phones = rows.filter((row) => row.agent !== null)
  const talks = phones
    .filter((row) => row.answered_at !== null)
    .toSorted((one, other) => (one.answered_at ?? 0) - (other.answered_at ?? 0))
  // Best told by a number that was called.
  const told = rows.find((row) => row.direction === 'inbound') ?? rows.at(-1) ?? first
  const { tenant_id: tenantId, host_id: hostId, call_no: callNo, direction, started_at } = first
  return {
    tenantId,
    hostId,
    callNo,
    callId: first.call_id,
    direction: told.direction ?? direction,
    number: told.number_raw,
    e164: told.e164,
    numberKey: told.number_key,
    callerName: told.caller_name,
    called: told.called_raw,
    queue:
      rows.find((row) => row.queue !== null)?.queue ?? rows.find((row) => row.agent === null)?.dn ?? null,
    phone: (talks.at(-1) ?? phones.at(-1))?.agent ?? null,
    startedAt: started_at,
    answeredAt: talks[0]?.answered_at ?? null,
    endedAt: rows.some((row) => row.ended_at === null) ? null : latest(rows.map((row) => row.ended_at)),
    customerId: told.customer_id,
    contactId: told.contact_id,
  }
}

/** Finds calls that were seen, by the hub's number of them or by the PBX's, which it gives again: the latest is meant. */
export function openSeen(store: Store<LiveTables>): FindSeenCall {
  return async ({ tenantId, hostId, departments }, { call, host }) => {
    const number = OURS.exec(call)?.[1]
    let rows = store.read.selectFrom('live_calls').select('call_no').where('tenant_id', '=', tenantId)
    rows =
      number === undefined ? rows.where('call_id', '=', call) : rows.where('call_no', '=', Number(number))
    for (const only of [hostId, host]) if (only !== null) rows = rows.where('host_id', '=', only)
    if (departments !== null) {
      const theirs = numbersInDepartments(store.engine, tenantId, departments)
      rows = rows.where(sql<boolean>`(host_id, dn) in (${theirs})`)
    }
    const found = await rows.orderBy('id', 'desc').limit(1).executeTakeFirst()
    if (!found) return null
    const all = await store.read
      .selectFrom('live_calls')
      .selectAll()
      .where('tenant_id', '=', tenantId)
      .where('call_no', '=', found.call_no)
      .orderBy('id')
      .execute()
    return seenCall(all)
  }
}
