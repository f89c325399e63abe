import { randomUUID } from 'node:crypto'
import { isOneOf } from '../platform/database/engine.ts'
import { emptyAudit, mayHold, type Eraser, type Erasure } from '../platform/erasure.ts'
import type { PruneOne } from '../platform/retention.ts'
import type { CallStore, CallTx } from './call-write.ts'

/** Calls that began long ago, with their records and legs. */
export function pruneCalls(store: CallStore): PruneOne {
  return async (olderThan, limit) => {
    const old = await store.read
      .selectFrom('calls')
      .select(['id', 'host_id', 'call_key'])
      .where('started_at', '<', olderThan)
      .orderBy('id')
      .limit(limit)
      .execute()
    if (old.length === 0) return 0
    const ids = old.map((row) => row.id)
    await store.transact(async ({ db, engine }) => {
      for (const host of new Set(old.map((row) => row.host_id))) {
        const keys = old.filter((row) => row.host_id === host).map((row) => row.call_key)
        await db
          .deleteFrom('records')
          .where('host_id', '=', host)
          .where(isOneOf(engine, 'call_key', keys, 'text'))
          .execute()
      }
      await db
        .deleteFrom('calls')
        .where(isOneOf(engine, 'id', ids, 'bigint'))
        .execute()
    })
    return ids.length
  }
}

const CALLER = ['caller_number', 'caller_name', 'caller_key'] as const
const CALLED = ['called_number', 'called_key'] as const
const TEXTS = ['queue', 'agent_extension', 'agent_name'] as const
const PAGE = 500

type Texts = Record<(typeof CALLER)[number] | (typeof CALLED)[number] | (typeof TEXTS)[number], string | null>

/** What is left of a row once those who go are out of it; null when it holds nothing of them. */
function leftOf(row: Texts, scrub: Erasure['scrub']): Partial<Texts> | null {
  const holds = (names: readonly (keyof Texts)[]) =>
    names.some((name) => row[name] !== null && scrub(row[name]) !== null)
  const left: Partial<Texts> = {}
  if (holds(CALLER)) Object.assign(left, { caller_number: null, caller_name: null, caller_key: null })
  if (holds(CALLED)) Object.assign(left, { called_number: null, called_key: null })
  for (const name of TEXTS) {
    const clean = row[name] === null ? null : scrub(row[name])
    if (clean !== null) left[name] = clean
  }
  return Object.keys(left).length === 0 ? null : left
}

const NAMELESS = { caller_number: null, caller_name: null, caller_key: null } as const

/**
 * Calls of those who go stay as calls that somebody made: when, how long, who answered. Number, name, party and what was
 * received go. A record known by its own id stays known by it, so that its source does not bring it back; one known by a
 * digest of its number is known by nothing any more.
 */
export const eraseFromCalls: Eraser = async (erasing, { tenantId, parties, needles, scrub }) => {
  const tx = erasing as unknown as CallTx
  const { db, engine } = tx
  const removed = { records: 0, calls: 0, audit: 0 }
  const gone = new Set<number>()
  const renamed = new Set<string>()
  /** Digests of a number go, with the key of the call that was made of one. */
  const newKeys = async (row: { id: number; host_id: number; natural_key: string; call_key: string }) => {
    if (row.natural_key.startsWith('id:')) return {}
    const natural_key = `erased:${randomUUID()}`
    const isDigest = row.call_key === `record:${row.natural_key}` || /^report(ed)?:/.test(row.call_key)
    const place = `${row.host_id} ${row.call_key}`
    if (!isDigest || renamed.has(place)) return { natural_key }
    renamed.add(place)
    for (const table of ['calls', 'records'] as const)
      await db
        .updateTable(table)
        .set({ call_key: `record:${natural_key}` })
        .where('host_id', '=', row.host_id)
        .where('call_key', '=', row.call_key)
        .execute()
    return { natural_key }
  }

  const theirs = await db
    .selectFrom('calls')
    .select(['id', 'host_id', 'call_key', 'direction'])
    .where('tenant_id', '=', tenantId)
    .where((is) =>
      is.or([
        isOneOf(engine, 'customer_id', parties.customer, 'bigint'),
        isOneOf(engine, 'contact_id', parties.contact, 'bigint'),
      ]),
    )
    .execute()
  for (const call of theirs) {
    const outside =
      call.direction === 'outbound' ? { called_number: null, called_key: null } : { ...NAMELESS }
    const ofCall = call.direction === 'outbound' ? { called_e164: null } : { caller_e164: null }
    const records = await db
      .selectFrom('records')
      .select(['id', 'host_id', 'natural_key', 'call_key'])
      .where('host_id', '=', call.host_id)
      .where('call_key', '=', call.call_key)
      .execute()
    for (const record of records) {
      gone.add(record.id)
      await db
        .updateTable('records')
        .set({ ...outside, ...(await newKeys(record)), payload: '{}' })
        .where('id', '=', record.id)
        .execute()
    }
    await db
      .updateTable('calls')
      .set({ ...outside, ...ofCall, customer_id: null, contact_id: null })
      .where('id', '=', call.id)
      .execute()
    removed.calls += 1
    removed.records += records.length
  }

  for (let after = 0; needles.length > 0;) {
    const rows = await db
      .selectFrom('records')
      .selectAll()
      .where('tenant_id', '=', tenantId)
      .where('id', '>', after)
      .where(mayHold([...CALLER, ...CALLED, ...TEXTS, 'payload'], needles))
      .orderBy('id')
      .limit(PAGE)
      .execute()
    for (const row of rows) {
      const left = leftOf(row, scrub)
      if (left === null && scrub(row.payload) === null) continue
      const columns = { ...left, ...(left ? await newKeys(row) : {}), payload: '{}' }
      await db.updateTable('records').set(columns).where('id', '=', row.id).execute()
      gone.add(row.id)
      removed.records += 1
    }
    const last = rows.at(-1)
    if (last === undefined) break
    after = last.id
  }
  removed.audit = await emptyAudit(tx, tenantId, 'record', [...gone])
  for (let after = 0; needles.length > 0;) {
    const rows = await db
      .selectFrom('calls')
      .selectAll()
      .where('tenant_id', '=', tenantId)
      .where('id', '>', after)
      .where(mayHold([...CALLER, ...CALLED, ...TEXTS], needles))
      .orderBy('id')
      .limit(PAGE)
      .execute()
    for (const row of rows) {
      const left = leftOf(row, scrub)
      if (left === null) continue
      const e164 = {
        ...('caller_number' in left ? { caller_e164: null } : {}),
        ...('called_number' in left ? { called_e164: null } : {}),
      }
      const party = { customer_id: null, contact_id: null }
      await db
        .updateTable('calls')
        .set({ ...left, ...e164, ...party })
        .where('id', '=', row.id)
        .execute()
      removed.calls += 1
    }
    const last = rows.at(-1)
    if (last === undefined) break
    after = last.id
  }
  await eraseAudiences(tx, tenantId, needles, scrub)
  return removed
}

/** Sets of numbers that took part in a call: one that names who goes is from then on a set of nobody. */
async function eraseAudiences(
  { db }: CallTx,
  tenantId: number,
  needles: string[],
  scrub: Erasure['scrub'],
): Promise<void> {
  const found = await db
    .selectFrom('audience_numbers')
    .select(['audience_id', 'number'])
    .where('tenant_id', '=', tenantId)
    .where(mayHold(['number'], needles))
    .execute()
  for (const { audience_id: id, number } of found) {
    if (scrub(number) === null) continue
    await db.deleteFrom('audience_numbers').where('audience_id', '=', id).execute()
    await db
      .updateTable('call_audiences')
      .set({ numbers: `erased:${id}` })
      .where('id', '=', id)
      .execute()
  }
}
