import { INDEX_FORM, type OperationIndex } from '../operations/operation.ts'

/** Where read descriptions are kept between starts: texts by key. Shared by all hosts: those of one build share one index. */
export type CacheStore = {
  read(key: string): Promise<string | null>
  write(key: string, text: string): Promise<void>
}

/** What was found at one PBX last. */
export type Seen = { version: string | null; hash: string; source: string }

export type IndexCache = {
  seen(url: string): Promise<Seen | null>
  index(hash: string): Promise<OperationIndex | null>
  /** Answers the index to use: everybody's, when somebody has the same. */
  keep(url: string, seen: Seen, index: OperationIndex): Promise<OperationIndex>
  keepSeen(url: string, seen: Seen): Promise<void>
}

/** A store for one process. */
export function memoryCacheStore(): CacheStore {
  const texts = new Map<string, string>()
  return {
    read: async (key) => texts.get(key) ?? null,
    async write(key, text) {
      texts.set(key, text)
    },
  }
}

/** Indexes in use, so that a fleet of one build holds one. By store, because whoever writes a store is trusted with it. */
const inUse = new WeakMap<CacheStore, Map<string, WeakRef<OperationIndex>>>()

/** Spoilt entries are as if they were not there. */
export function openIndexCache(store: CacheStore): IndexCache {
  const shared = inUse.get(store) ?? new Map<string, WeakRef<OperationIndex>>()
  inUse.set(store, shared)
  const share = (index: OperationIndex): OperationIndex => {
    const other = shared.get(index.hash)?.deref()
    if (other === undefined) shared.set(index.hash, new WeakRef(index))
    return other ?? index
  }
  const seenKey = (url: string) => `xapi-seen:${url}`
  const indexKey = (hash: string) => `xapi-index:${INDEX_FORM}:${hash}`
  const keepSeen = (url: string, seen: Seen) => store.write(seenKey(url), JSON.stringify(seen))
  return {
    async seen(url) {
      const seen = parse(await store.read(seenKey(url)))
      if (typeof seen?.hash !== 'string' || typeof seen.source !== 'string') return null
      return {
        hash: seen.hash,
        source: seen.source,
        version: typeof seen.version === 'string' ? seen.version : null,
      }
    },
    async index(hash) {
      const other = shared.get(hash)?.deref()
      if (other !== undefined) return other
      const index = parse(await store.read(indexKey(hash)))
      const isWhole = index?.form === INDEX_FORM && index.hash === hash && Array.isArray(index.operations)
      return isWhole && typeof index.schemas === 'object' ? share(index as OperationIndex) : null
    },
    async keep(url, seen, index) {
      await store.write(indexKey(index.hash), JSON.stringify(index))
      await keepSeen(url, seen)
      return share(index)
    },
    keepSeen,
  }
}

function parse(text: string | null): Partial<Record<string, unknown>> | null {
  if (text === null) return null
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : null
  } catch {
    return null
  }
}
