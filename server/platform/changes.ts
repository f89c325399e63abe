import type { Change, Store } from './database/store.ts'
import { fromJson } from './database/json.ts'
import { isStoreAway } from './database/store-errors.ts'

export type ChangesTable = { seq: number; at: number; tenant_id: number; entity: string; ids: string }
export type MetaTable = { name: string; value: string }
export type ChangeTables = { changes: ChangesTable; meta: MetaTable }

export type Follower = {
  /** Number of the last change that memory holds. */
  position(): number
  /** null while the store answers; otherwise since when (ms UTC) it has not. */
  awaySince(): number | null
  /** When (ms UTC) the feed was last read to its end. */
  caughtUpAt(): number
  /** How long (ms) the last change took from its commit, by the clock of the hub that made it, into this memory. */
  lagMs(): number
  /** Looks at the feed now rather than at the next poll. */
  nudge(): void
  /** Waits until memory holds change `position`; false when `timeoutMs` passed first. */
  reached(position: number, timeoutMs: number): Promise<boolean>
  /** Runs `work` while memory holds exactly the changes up to `position` and none is applied. */
  still<T>(work: (position: number) => Promise<T>): Promise<T>
  close(): Promise<void>
}

export type FollowerOptions = {
  store: Store<ChangeTables>
  /** The feed position at which memory was filled. */
  from: number
  /** Brings memory to the state after these changes; called one batch at a time. */
  apply(changes: Change[]): Promise<void>
  /** Nothing is read before this resolves: until then the store counts as away. */
  begin?: Promise<unknown>
  /** Fills memory anew when the feed was pruned past our position; answers the position it then holds. */
  rehydrate(): Promise<number>
  onTrouble(error: unknown): void
  pollMs?: number
}

const BATCH = 50
const LONGEST_PAUSE_MS = 5_000
const FAILURES_TO_FILL_ANEW = 3

/** The last number in the feed: memory filled after this read has to be followed from here. */
export async function feedPosition(store: Store<ChangeTables>): Promise<number> {
  const last = await store.feed
    .selectFrom('changes')
    .select('seq')
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst()
  return last?.seq ?? (await prunedTo(store))
}

/** Changes up to this number are no longer in the feed. */
export async function prunedTo(store: Store<ChangeTables>): Promise<number> {
  const row = await store.feed
    .selectFrom('meta')
    .select('value')
    .where('name', '=', 'changes_pruned_to')
    .executeTakeFirst()
  return Number(row?.value ?? 0)
}

/** Keeps memory equal to the store: reads the feed in order, again and again, and waits out a store that is away. */
export function followChanges(options: FollowerOptions): Follower {
  const { store, apply, rehydrate, onTrouble, begin, pollMs = 500 } = options
  let position = options.from
  let awaySince: number | null = begin ? Date.now() : null
  let lagMs = 0
  let caughtUpAt = Date.now()
  let closed = false
  const closing = Promise.withResolvers<void>()
  let wake: () => void = () => {}
  let nudged = false
  /** Ends when nobody needs memory to stand still. */
  let stillness: Promise<unknown> = Promise.resolve()
  let applying: Promise<unknown> = Promise.resolve()
  const waiting = new Set<{ position: number; resolve: (reached: boolean) => void }>()

  const settle = () => {
    for (const one of waiting) {
      if (one.position > position) continue
      waiting.delete(one)
      one.resolve(true)
    }
  }

  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      if (nudged || closed) return resolve()
      const timer = setTimeout(resolve, ms)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })

  const fill = async () => {
    position = await rehydrate()
  }

  /** Changes memory once it may. */
  const change = async (work: () => Promise<void>) => {
    for (let waitedFor: unknown = null; waitedFor !== stillness;) {
      waitedFor = stillness
      await stillness
    }
    const changing = work()
    applying = changing.catch(() => {})
    await changing
  }

  /** One batch; true when there may be more. */
  const readBatch = async (): Promise<boolean> => {
    const rows = await store.feed
      .selectFrom('changes')
      .selectAll()
      .where('seq', '>', position)
      .orderBy('seq')
      .limit(BATCH)
      .execute()
    const last = rows.at(-1)
    // Numbers of rolled-back writes leave gaps, so a gap proves nothing: the pruning mark does.
    if ((rows.length === 0 || rows[0]!.seq > position + 1) && (await prunedTo(store)) > position) {
      await change(fill)
      return true
    }
    if (!last) return false
    await change(async () => {
      await apply(
        rows.map((row) => ({
          tenantId: row.tenant_id,
          entity: row.entity,
          ids: fromJson<number[]>(row.ids),
        })),
      )
      position = last.seq
      lagMs = Math.max(0, Date.now() - last.at)
    })
    return rows.length === BATCH
  }

  /** The way past a change that cannot be applied: the tables themselves say where it led. */
  const fillAnew = () => change(fill).catch(onTrouble)

  const run = async () => {
    let failures = 0
    await Promise.race([begin, closing.promise])
    while (!closed) {
      nudged = false
      try {
        while (!closed && (await readBatch())) settle()
        failures = 0
        awaySince = null
        caughtUpAt = Date.now()
        settle()
      } catch (error) {
        if (closed) return
        failures++
        onTrouble(error)
        if (isStoreAway(error)) awaySince ??= Date.now()
        else if (failures % FAILURES_TO_FILL_ANEW === 0) await fillAnew()
      }
      await pause(failures === 0 ? pollMs : Math.min(LONGEST_PAUSE_MS, pollMs * 2 ** (failures - 1)))
    }
  }
  const running = run()

  return {
    position: () => position,
    awaySince: () => awaySince,
    caughtUpAt: () => caughtUpAt,
    lagMs: () => lagMs,
    nudge() {
      nudged = true
      wake()
    },
    reached(wanted, timeoutMs) {
      if (wanted <= position) return Promise.resolve(true)
      return new Promise((resolve) => {
        const entry = { position: wanted, resolve }
        waiting.add(entry)
        const timer = setTimeout(() => {
          if (waiting.delete(entry)) resolve(false)
        }, timeoutMs)
        timer.unref()
      })
    },
    still(work) {
      const former = stillness
      const done = (async () => {
        await former
        await applying
        return await work(position)
      })()
      stillness = done.catch(() => {})
      return done
    },
    async close() {
      closed = true
      closing.resolve()
      wake()
      await running
      for (const one of waiting) one.resolve(false)
    },
  }
}

/** Forgets changes older than `olderThan` (ms UTC), leaving the mark that tells a late follower to fill anew. */
export async function pruneChanges(store: Store<ChangeTables>, olderThan: number): Promise<number> {
  const { value } = await store.transact(async ({ db }) => {
    const last = await db
      .selectFrom('changes')
      .select((of) => of.fn.max('seq').as('seq'))
      .where('at', '<', olderThan)
      .executeTakeFirst()
    const seq = last?.seq
    if (seq === null || seq === undefined) return 0
    await db
      .insertInto('meta')
      .values({ name: 'changes_pruned_to', value: String(seq) })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ value: String(seq) }))
      .execute()
    const gone = await db.deleteFrom('changes').where('seq', '<=', seq).executeTakeFirst()
    return Number(gone.numDeletedRows)
  })
  return value
}
