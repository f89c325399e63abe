import { createHash } from 'node:crypto'
import type { Insertable, Selectable } from 'kysely'
import type { Page } from '../../contract/common.ts'
import type { PbxEvent } from '../../contract/pbx-events.ts'
import { isOneOf } from '../platform/database/engine.ts'
import { fromJson, toJson } from '../platform/database/json.ts'
import { readPage } from '../platform/listing.ts'
import type { PruneOne } from '../platform/retention.ts'
import { storable } from '../platform/storable.ts'
import { callerNumber } from './caller-number.ts'
import { followedParty, partyIdsOf } from './disposition-shape.ts'
import { readJournalList } from './list-filters.ts'
import type { PbxEventsTable } from './tables.ts'
import type { JournalDeps, JournalStore, JournalTx, Written } from './write.ts'

/** Something a PBX says of a call; texts as they came. */
export type NewPbxEvent = {
  tenantId: number
  tokenId: number | null
  event: string
  call: string | null
  number: string | null
  dnid: string | null
  agent: string | null
  queue: string | null
  /** The id of ours that the PBX sends back; null when it sends none. */
  partyId: number | null
  payload: Record<string, string>
}

/** What PBXs say of calls, kept as they say it. */
export type PbxEvents = {
  /** Durable when it resolves. The same event of the same call again changes nothing. */
  record(event: NewPbxEvent): Written<null>
  /** As `record`, in a transaction of somebody else's; null for one that is there already. */
  insert(tx: JournalTx, event: NewPbxEvent): Promise<Selectable<PbxEventsTable> | null>
  list(tenantId: number, query: Record<string, unknown>): Promise<Page<PbxEvent>>
}

const COLUMNS = { id: 'id', received_at: 'received_at' }
const FILTERS = ['event', 'call', 'number', 'agent', 'queue', 'customer_id', 'contact_id', 'from', 'to']
const LONGEST = 255

const short = (text: string | null) =>
  text === null ? null : storable(text).slice(0, LONGEST).toWellFormed()

function toEvent(row: Selectable<PbxEventsTable>, survivors: ReadonlyMap<number, number>): PbxEvent {
  return {
    id: row.id,
    received_at: new Date(row.received_at).toISOString(),
    event: row.event,
    call: row.call,
    number: row.number_raw,
    e164: row.e164,
    dnid: row.dnid,
    agent: row.agent,
    queue: row.queue,
    ...followedParty(row, survivors),
    payload: fromJson(row.payload),
  }
}

export function openPbxEvents(
  store: JournalStore,
  { clock, lookup, parties, timeZone }: JournalDeps,
): PbxEvents {
  const partyOf = ({ tenantId, partyId, number }: NewPbxEvent) => {
    const sentBack = partyId === null ? null : lookup.partyOf(tenantId, partyId)
    if (sentBack || number === null) return sentBack ?? { customer_id: null, contact_id: null }
    const { customer, contact, confidence } = lookup.byNumber(tenantId, number)
    const isProof = confidence >= 0.9
    return {
      customer_id: isProof ? (customer?.id ?? null) : null,
      contact_id: isProof ? (contact?.id ?? null) : null,
    }
  }

  const toRow = (given: NewPbxEvent): Insertable<PbxEventsTable> => {
    const { tenantId, tokenId, number } = given
    const caller = number === null ? null : callerNumber(number, lookup.read(tenantId, number))
    const payload = Object.fromEntries(
      Object.entries(given.payload).map(([name, text]) => [storable(name), storable(text)]),
    )
    const call = short(given.call?.trim() || null)
    const said = toJson([
      tokenId,
      given.event,
      Object.entries(payload).toSorted(([one], [other]) => (one < other ? -1 : 1)),
    ])
    return {
      tenant_id: tenantId,
      received_at: clock.now(),
      token_id: tokenId,
      event: short(given.event) ?? '',
      call,
      number_raw: caller?.number_raw ?? null,
      e164: caller?.e164 ?? null,
      number_key: caller?.number_key ?? null,
      dnid: short(given.dnid),
      agent: short(given.agent),
      queue: short(given.queue),
      ...partyOf(given),
      payload: toJson(payload),
      // Without the call's id, saying the same twice may mean two calls.
      event_key: call === null ? null : createHash('sha256').update(said).digest('base64url'),
    }
  }

  const insert: PbxEvents['insert'] = async ({ db }, given) => {
    const made = await db
      .insertInto('pbx_events')
      .values(toRow(given))
      .onConflict((conflict) => conflict.doNothing())
      .returningAll()
      .executeTakeFirst()
    return made ?? null
  }

  return {
    insert,
    record: (given) =>
      store.transact(async (tx) => {
        await insert(tx, given)
        return null
      }),
    async list(tenantId, query) {
      const allows = { sort: Object.keys(COLUMNS), filters: FILTERS }
      const { request, filters } = readJournalList(query, allows, timeZone(tenantId))
      let rows = store.read.selectFrom('pbx_events').selectAll().where('tenant_id', '=', tenantId)
      for (const name of ['event', 'call', 'agent', 'queue'] as const) {
        const text = filters.text(name)
        if (text !== null) rows = rows.where(name, '=', text)
      }
      const number = filters.text('number')
      if (number !== null) rows = rows.where('number_key', '=', lookup.key(tenantId, number))
      const [from, to] = [filters.instant('from'), filters.instant('to')]
      if (from !== null) rows = rows.where('received_at', '>=', from)
      if (to !== null) rows = rows.where('received_at', '<', to)
      for (const kind of ['customer', 'contact'] as const) {
        const id = filters.id(`${kind}_id`)
        if (id === null) continue
        const ids = await parties.withMerged(kind, tenantId, id)
        rows = rows.where(isOneOf(store.engine, `${kind}_id`, ids, 'bigint'))
      }
      return await readPage(rows, request, COLUMNS, async (found) => {
        const survivors = await parties.survivors(tenantId, partyIdsOf(found))
        return found.map((row) => toEvent(row, survivors))
      })
    },
  }
}

/** Events received long ago. */
export function prunePbxEvents(store: JournalStore): PruneOne {
  return async (olderThan, limit) => {
    const old = await store.read
      .selectFrom('pbx_events')
      .select('id')
      .where('received_at', '<', olderThan)
      .limit(limit)
      .execute()
    const ids = old.map((row) => row.id)
    if (ids.length > 0)
      await store.transact(({ db, engine }) =>
        db
          .deleteFrom('pbx_events')
          .where(isOneOf(engine, 'id', ids, 'bigint'))
          .execute(),
      )
    return ids.length
  }
}
