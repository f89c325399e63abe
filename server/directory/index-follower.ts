import type { Change, Store } from '../platform/database/store.ts'
import { openCallerIndex, type CallerIndex } from './caller-index.ts'
import { joinImages, splitImages, type JoinedFacts, type MemoryImage } from './index/memory-image.ts'
import { fillInThread } from './index-fill-start.ts'
import { readCategories, readContacts, readCustomers } from './records.ts'
import type { DirectoryTables } from './tables.ts'

const PAGE = 2_000
/** Parties put between two breaths of the event loop: a few ms of work. */
const BREATH = 250

/** Every tenant's index, filled from the store and kept equal to it by the change feed. */
export type IndexFollower = {
  /** The tenant's index; an empty one for a tenant without a directory. */
  indexOf(tenantId: number): CallerIndex
  /** Fills memory from the store; while it runs the former picture goes on answering. */
  hydrate(): Promise<void>
  apply(changes: Change[]): Promise<void>
  stats(): { parties: number; numbers: number; bytes: number }
  /** Every tenant's index, good until the next change is applied. */
  image(): DirectoryImage
  /** Takes over the indexes of an image instead of filling them from the store. */
  load(image: DirectoryImage): void
}

/** Other threads read these indexes: changes are made between their questions, and they hear how the memory lies. */
export type IndexSharing = {
  /** Runs `work`, which changes a tenant's index, while nobody reads. */
  change(tenantId: number, index: CallerIndex, work: () => void): Promise<void>
  replaced(indexes: ReadonlyMap<number, CallerIndex>): void
}

export type DirectoryImage = MemoryImage<JoinedFacts>

/** Above so many numbers a thread of its own fills memory; below, the thread would take longer to start. */
const SMALL = 20_000

async function isLarge({ feed }: Store<DirectoryTables>): Promise<boolean> {
  const some = feed
    .selectFrom('phones')
    .select('id')
    .limit(SMALL + 1)
  const counted = await feed
    .selectFrom(some.as('some'))
    .select((of) => of.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  return counted.count > SMALL
}
/** Parties changed in one go, whatever it takes; more only while readers in other threads do not wait for long. */
const AT_ONCE = 64
const LONGEST_CHANGE_MS = 1

const breathe = () => new Promise<void>((resolve) => setImmediate(resolve))

async function putAll<Record extends { id: number }>(
  next: (after: number) => Promise<Record[]>,
  put: (record: Record) => void,
): Promise<void> {
  let page = await next(0)
  while (page.length > 0) {
    // The next page is read while this one goes in.
    const following = next(page.at(-1)?.id ?? 0)
    // A failure is met at the await below; until then nobody else must trip over it.
    following.catch(() => {})
    for (const [i, record] of page.entries()) {
      put(record)
      if (i % BREATH === BREATH - 1) await breathe()
    }
    page = await following
  }
}

export function openIndexFollower(
  store: Store<DirectoryTables>,
  sharing: IndexSharing | null = null,
): IndexFollower {
  let indexes = new Map<number, CallerIndex>()
  const replace = (by: Map<number, CallerIndex>) => {
    indexes = by
    sharing?.replaced(by)
  }
  const nobody = openCallerIndex()

  const openFor = (into: Map<number, CallerIndex>, tenantId: number): CallerIndex => {
    const found = into.get(tenantId)
    if (found) return found
    const made = openCallerIndex()
    into.set(tenantId, made)
    return made
  }

  /** What few parties have to do with each other changes at once, as it does for questions of this thread. */
  const take = async (tenantId: number, steps: readonly (() => void)[]) => {
    const run = (from: number, until: number) => {
      let next = from
      while (next < steps.length && (next - from < AT_ONCE || performance.now() < until)) steps[next++]!()
      return next
    }
    if (sharing === null) return void run(0, Number.POSITIVE_INFINITY)
    for (let next = 0; next < steps.length;) {
      await sharing.change(tenantId, openFor(indexes, tenantId), () => {
        next = run(next, performance.now() + LONGEST_CHANGE_MS)
      })
      if (next < steps.length) await breathe()
    }
  }

  const reload = async (tenantId: number, entity: 'customer' | 'contact', ids: number[]) => {
    const index = openFor(indexes, tenantId)
    const read = entity === 'customer' ? readCustomers : readContacts
    for (let from = 0; from < ids.length; from += BREATH) {
      const some = ids.slice(from, from + BREATH)
      const records = await read(store, tenantId, { ids: some })
      const found = new Set(records.map((record) => record.id))
      await take(tenantId, [
        ...some.filter((id) => !found.has(id)).map((id) => () => index.remove(id)),
        ...records.map((record) => () => index.put(record)),
      ])
      await breathe()
    }
  }

  const reloadCategories = async (tenantId: number, ids: number[]) => {
    const index = openFor(indexes, tenantId)
    const records = await readCategories(store, tenantId, ids)
    const found = new Set(records.map((record) => record.id))
    await take(tenantId, [
      ...ids.filter((id) => !found.has(id)).map((id) => () => index.removeCategory(id)),
      ...records.map((record) => () => index.putCategory(record)),
    ])
  }

  const load = (image: DirectoryImage) => {
    const part = splitImages(image)
    replace(new Map(Object.keys(image.facts).map((id) => [Number(id), openCallerIndex(part(id))])))
  }

  return {
    indexOf: (tenantId) => indexes.get(tenantId) ?? nobody,
    async hydrate() {
      if (store.address !== null && (await isLarge(store))) {
        load(await fillInThread(store.address))
        return
      }
      const fresh = new Map<number, CallerIndex>()
      const tenants = await store.read.selectFrom('customers').select('tenant_id').distinct().execute()
      const others = await store.read.selectFrom('contacts').select('tenant_id').distinct().execute()
      const categorised = await store.read.selectFrom('categories').select('tenant_id').distinct().execute()
      for (const tenantId of new Set([...tenants, ...others, ...categorised].map((row) => row.tenant_id))) {
        const index = openFor(fresh, tenantId)
        for (const category of await readCategories(store, tenantId, null)) index.putCategory(category)
        await putAll((after) => readCustomers(store, tenantId, { after, limit: PAGE }), index.put)
        await putAll((after) => readContacts(store, tenantId, { after, limit: PAGE }), index.put)
      }
      replace(fresh)
    },
    async apply(changes) {
      // Rows are read as they are now, so each party is read once however often the batch names it.
      const touched = new Map<string, { tenantId: number; entity: string; ids: Set<number> }>()
      for (const { tenantId, entity, ids } of changes) {
        const key = `${entity} ${tenantId}`
        const entry = touched.get(key) ?? { tenantId, entity, ids: new Set<number>() }
        for (const id of ids) entry.ids.add(id)
        touched.set(key, entry)
      }
      for (const { tenantId, entity, ids } of touched.values()) {
        if (entity === 'category') await reloadCategories(tenantId, [...ids])
        if (entity === 'customer' || entity === 'contact') await reload(tenantId, entity, [...ids])
      }
    },
    image: () =>
      joinImages(Object.fromEntries([...indexes].map(([tenantId, index]) => [tenantId, index.image()]))),
    load,
    stats() {
      const total = { parties: 0, numbers: 0, bytes: 0 }
      for (const index of indexes.values()) {
        const { parties, numbers, bytes } = index.stats()
        total.parties += parties
        total.numbers += numbers
        total.bytes += bytes
      }
      return total
    },
  }
}
