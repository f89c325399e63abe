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
  keep(url: string, seen: Seen, index: OperationIndex): Promise<void>
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

/** Spoilt entries are as if they were not there. */
export function openIndexCache(store: CacheStore): IndexCache {
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
      const index = parse(await store.read(indexKey(hash)))
      const isWhole = index?.form === INDEX_FORM && index.hash === hash && Array.isArray(index.operations)
      return isWhole && typeof index.schemas === 'object' ? (index as OperationIndex) : null
    },
    async keep(url, seen, index) {
      await store.write(indexKey(index.hash), JSON.stringify(index))
      await keepSeen(url, seen)
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
