import { sql, type Selectable } from 'kysely'
import type { Lookup } from '../directory/directory.ts'
import type { HostFacts } from '../fleet/fleet.ts'
import type { Clock } from '../platform/clock.ts'
import { held } from '../platform/database/claiming.ts'
import { isOneOf, lockAllForTransaction } from '../platform/database/engine.ts'
import { toFlag, toJson } from '../platform/database/json.ts'
import type { Store, Tx } from '../platform/database/store.ts'
import { participantsOf, type Audiences } from './audiences.ts'
import type { PlanCallOver } from './call-events.ts'
import type { CallTables, RecordsTable } from './call-tables.ts'
import type { NoteTalks } from './last-agents/note-talks.ts'
import { talkOf } from './last-agents/talks-of-calls.ts'
import { stitch, type RecordToStitch, type StitchedCall } from './stitching.ts'

export type CallStore = Store<CallTables>
export type CallTx = Tx<CallTables>

export type CallDeps = {
  clock: Clock
  lookup: Lookup
  /** A host within reach; null when there is none. */
  host(reach: { tenantId: number; hostId: number | null }, id: number): Promise<HostFacts | null>
  /** The tenant's zone; from memory. */
  timeZone(tenantId: number): string
  audiences: Audiences
  /** Has the host's call log read again soon, in the transaction that asks for it. */
  refreshLater(
    tx: CallTx,
    tenantId: number,
    host: Pick<HostFacts, 'id' | 'readsCallLog'>,
    afterMs?: number,
  ): Promise<void>
  planCallOver: PlanCallOver
  noteTalks: NoteTalks
}

/** Below that a match is for display only. */
const PROOF = 0.9

/** The outside numbers in E.164, and whom the outside party's means. */
function partiesOf(lookup: Lookup, tenantId: number, call: StitchedCall) {
  const about = (number: string | null) => (number === null ? null : lookup.explain(tenantId, number))
  const [caller, called] = [about(call.caller_number), about(call.called_number)]
  const outside = call.direction === 'outbound' ? called : call.direction === 'internal' ? null : caller
  const isSure = outside !== null && outside.known && outside.confidence >= PROOF
  return {
    caller_e164: caller?.read.kind === 'external' ? caller.read.e164 : null,
    called_e164: called?.read.kind === 'external' ? called.read.e164 : null,
    customer_id: isSure ? (outside.customer?.id ?? null) : null,
    contact_id: isSure ? (outside.contact?.id ?? null) : null,
  }
}

/** One call of a host; `only` is its record when there can be no other. */
export type CallPlace = {
  tenantId: number
  host: HostFacts
  callKey: string
  only?: RecordToStitch | null
}

export const placeKey = ({ host, callKey }: { host: Pick<HostFacts, 'id'>; callKey: string }): string =>
  `${host.id} ${callKey}`

const fromExcluded = (columns: object) =>
  Object.fromEntries(Object.keys(columns).map((name) => [name, sql.ref(`excluded.${name}`)]))

/** Lets one transaction at a time bring these calls up to date. */
const lockCalls = ({ engine, db }: CallTx, places: readonly string[]): Promise<void> =>
  lockAllForTransaction(
    engine,
    db as never,
    places.map((place) => `call ${place}`),
  )

/**
 * Takes a call for a change of it and of its records, in the order of everybody else: the records, the call, its row.
 * In another one, two could wait for each other.
 */
export async function lockCall(tx: CallTx, hostId: number, callKey: string): Promise<void> {
  const rows = tx.db.selectFrom('records').select('id').where('host_id', '=', hostId)
  await held(tx.engine, rows.where('call_key', '=', callKey).orderBy('id')).execute()
  await lockCalls(tx, [placeKey({ host: { id: hostId }, callKey })])
}

/** The records of these calls, by `placeKey`. Whoever comes second to a call reads what the first one wrote. */
async function recordsOf(tx: CallTx, places: CallPlace[]): Promise<Map<string, RecordToStitch[]>> {
  if (places.length === 0) return new Map()
  await lockCalls(tx, places.map(placeKey))
  const pairs = places.map(({ host, callKey }) => sql`(cast(${host.id} as bigint), ${callKey})`)
  const rows = await tx.db
    .selectFrom('records')
    .selectAll()
    .where(sql<boolean>`(host_id, call_key) in (values ${sql.join(pairs)})`)
    .execute()
  return Map.groupBy(rows, (row) => `${row.host_id} ${row.call_key}`)
}

async function writeLegs(
  { db, engine }: CallTx,
  calls: { id: number; tenantId: number; isNew: boolean; legs: StitchedCall['legs'] }[],
): Promise<void> {
  const former = calls.filter((call) => !call.isNew).map((call) => call.id)
  if (former.length > 0)
    await db
      .deleteFrom('legs')
      .where(isOneOf(engine, 'call_id', former, 'bigint'))
      .execute()
  const rows = calls.flatMap(({ id, tenantId, legs }) =>
    legs.map(({ steps, ...leg }, position) => ({
      ...leg,
      tenant_id: tenantId,
      call_id: id,
      position: position + 1,
      steps: toJson(steps),
    })),
  )
  await db.insertInto('legs').values(rows).execute()
}

/**
 * Brings calls up to date with their records, in the transaction that changed some of them; answers their ids by
 * `placeKey`. A call of which no record is left is gone and has none.
 */
export async function restitch(
  tx: CallTx,
  { clock, lookup, audiences, planCallOver, noteTalks }: CallDeps,
  wanted: CallPlace[],
): Promise<Map<string, number>> {
  const { db } = tx
  const places = [...new Map(wanted.map((place) => [placeKey(place), place])).values()]
  const records = await recordsOf(
    tx,
    places.filter((place) => !place.only),
  )
  const stitched = places.flatMap((place) => {
    const ofCall = place.only ? [place.only] : (records.get(placeKey(place)) ?? [])
    return ofCall.length === 0 ? [] : [{ place, call: stitch(ofCall, place.host.authoritative) }]
  })
  const left = new Set(stitched.map(({ place }) => place))
  for (const { host, callKey } of places.filter((place) => !left.has(place)))
    await db.deleteFrom('calls').where('host_id', '=', host.id).where('call_key', '=', callKey).execute()
  if (stitched.length === 0) return new Map()

  const seenBy = await audiences(
    tx,
    stitched.map(({ place: { tenantId, host }, call }) => ({
      tenantId,
      hostId: host.id,
      numbers: participantsOf(call.legs),
    })),
  )
  const now = clock.now()
  const rows = stitched.map(({ place: { tenantId, host, callKey }, call }, n) => {
    const { legs: _, provisional, ...told } = call
    const parties = partiesOf(lookup, tenantId, call)
    const columns = {
      ...told,
      ...parties,
      provisional: toFlag(provisional),
      audience_id: seenBy[n] ?? null,
      updated_at: now,
    }
    return {
      columns,
      talk: talkOf({ tenantId, hostId: host.id }, call, parties),
      row: { ...columns, tenant_id: tenantId, host_id: host.id, call_key: callKey, created_at: now },
    }
  })
  const made = await db
    .insertInto('calls')
    .values(rows.map(({ row }) => row))
    .onConflict((row) =>
      row.columns(['host_id', 'call_key']).doUpdateSet(fromExcluded(rows[0]?.columns ?? {}) as never),
    )
    .returning(['id', 'host_id', 'call_key'])
    .execute()
  const ids = new Map(made.map((row) => [`${row.host_id} ${row.call_key}`, row.id]))
  await writeLegs(
    tx,
    stitched.map(({ place, call }) => ({
      id: ids.get(placeKey(place)) ?? 0,
      tenantId: place.tenantId,
      isNew: Boolean(place.only),
      legs: call.legs,
    })),
  )
  noteTalks(
    tx as never,
    rows.flatMap(({ talk }) => talk ?? []),
  )
  for (const { place, call } of stitched)
    if (!call.provisional)
      await planCallOver(
        tx,
        { tenantId: place.tenantId, hostId: place.host.id, callKey: place.callKey },
        call,
      )
  return ids
}

/** Whether no other record can belong to the record's call. */
export const isAlone = (record: Pick<Selectable<RecordsTable>, 'call_history_id' | 'call_key'>): boolean =>
  record.call_history_id === null && record.call_key.startsWith('record:')
