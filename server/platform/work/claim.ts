import { sql } from 'kysely'
import { databaseNow, onlyFree, tryLocksForTransaction } from '../database/claiming.ts'
import { isOneOf } from '../database/engine.ts'
import type { Store, Tx } from '../database/store.ts'
import type { WorkRow, WorkTables } from './tables.ts'

export type Claimer = {
  /** Who takes the leases. */
  owner: string
  leaseMs: number
  /** How many tasks of each kind may still be taken; kinds without room are left out. */
  room: ReadonlyMap<string, number>
  /** How many in all. */
  limit: number
}

/** How long until a task of these kinds may be claimed, ms; null when none waits, 0 when one is due. */
export async function timeToNext(store: Store<WorkTables>, kinds: string[]): Promise<number | null> {
  const { engine } = store
  const next = await store.read
    .selectFrom('work')
    .select(['ready_at', databaseNow(engine).as('now')])
    .where('ready_at', 'is not', null)
    .where(isOneOf(engine, 'kind', kinds, 'text'))
    .orderBy('ready_at')
    .limit(1)
    .executeTakeFirst()
  return next ? Math.max(0, (next.ready_at ?? 0) - next.now) : null
}

type Candidate = Pick<WorkRow, 'id' | 'kind' | 'concurrency_key' | 'at_once'>

/** More than there is room for, so that one busy key does not hide what is behind it. */
const LOOKED_AT_MORE = 16

/** How many tasks of each of these keys are leased now, by whomever. */
async function runningByKey({ db, engine }: Tx<WorkTables>, keys: string[]): Promise<Map<string, number>> {
  if (keys.length === 0) return new Map()
  const rows = await db
    .selectFrom('work')
    .where('lease_owner', 'is not', null)
    .where('ready_at', '>', databaseNow(engine))
    .where(isOneOf(engine, 'concurrency_key', keys, 'text'))
    .groupBy('concurrency_key')
    .select(['concurrency_key as key', (of) => of.fn.countAll<number>().as('running')])
    .execute()
  return new Map(rows.map(({ key, running }) => [key ?? '', Number(running)]))
}

/** Those of the candidates that no limit holds back. Keys that somebody else looks at right now are left to him. */
async function withinLimits(
  tx: Tx<WorkTables>,
  candidates: Candidate[],
  claimer: Claimer,
): Promise<number[]> {
  const keys = [...new Set(candidates.flatMap((one) => one.concurrency_key ?? []))]
  const locked = await tryLocksForTransaction(
    tx.engine,
    tx.db as never,
    keys.map((key) => `work ${key}`),
  )
  // Counted under the locks, in a statement that began after they were taken: what others committed before is seen.
  const running = await runningByKey(tx, keys)
  const taken = new Map<string, number>()
  const ids: number[] = []
  const count = (map: Map<string, number>, name: string, one: number) => map.set(name, one + 1)
  const ofKey = new Map<string, number>()
  for (const { id, kind, concurrency_key: key, at_once } of candidates) {
    if (ids.length === claimer.limit) break
    const kinds = taken.get(kind) ?? 0
    if (kinds >= (claimer.room.get(kind) ?? 0)) continue
    if (key !== null) {
      if (!locked.has(`work ${key}`)) continue
      const others = ofKey.get(key) ?? running.get(key) ?? 0
      if (others >= at_once) continue
      count(ofKey, key, others)
    }
    count(taken, kind, kinds)
    ids.push(id)
  }
  return ids
}

/** Leases tasks that are due to `owner`, those whose lease ran out included; none of them twice, whoever asks at once. */
export async function claimDue(store: Store<WorkTables>, claimer: Claimer): Promise<WorkRow[]> {
  const { owner, leaseMs, room, limit } = claimer
  const { value } = await store.transact(async (tx) => {
    const { db, engine } = tx
    const now = databaseNow(engine)
    const full = sql`select concurrency_key from work where lease_owner is not null and ready_at > ${now}
      and concurrency_key is not null group by concurrency_key having count(*) >= max(at_once)`
    const due = db
      .selectFrom('work')
      .select(['id', 'kind', 'concurrency_key', 'at_once'])
      .where('ready_at', '<=', now)
      .where(isOneOf(engine, 'kind', [...room.keys()], 'text'))
      .where(sql<boolean>`(concurrency_key is null or concurrency_key not in (${full}))`)
      .orderBy('ready_at')
      .orderBy('id')
      .limit(limit + LOOKED_AT_MORE)
    const candidates = await onlyFree(engine, due).execute()
    const ids = await withinLimits(tx, candidates, claimer)
    if (ids.length === 0) return []
    return await db
      .updateTable('work')
      .set((of) => ({
        lease_owner: owner,
        ready_at: sql<number>`${databaseNow(engine)} + ${sql.lit(leaseMs)}`,
        claims: of('claims', '+', 1),
        attempts: of('attempts', '+', 1),
        again: 0,
        updated_at: databaseNow(engine),
      }))
      .where(isOneOf(engine, 'id', ids, 'bigint'))
      .returningAll()
      .execute()
  })
  return value
}
