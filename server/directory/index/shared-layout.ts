import { openCallerIndex, type CallerIndex, type CallerIndexImage } from '../caller-index.ts'

/** What another thread needs to read a tenant's index: its facts as JSON, its memory by number, and what is new of it. */
export type IndexLayout = {
  tenantId: number
  /** null: this tenant has no index any more. */
  facts: string | null
  memory: number[]
  fresh: [number, SharedArrayBuffer][]
}

/** Counts and lists that only the one who changes an index goes by; readers get 0 and []. What is not named here is sent as it is. */
const OF_THE_WRITER = new Set(['used', 'vacant', 'free', 'top', 'live', 'room', 'next', 'size', 'current'])
/** Of these, readers only need to know whether there are any. */
const COUNTS = new Set(['hidden', 'nationals'])

function factsForReaders(facts: CallerIndexImage['facts']): string {
  return JSON.stringify(facts, (name, value: unknown) => {
    if (typeof value === 'number') {
      if (OF_THE_WRITER.has(name)) return 0
      return COUNTS.has(name) ? Math.min(1, value) : value
    }
    return Array.isArray(value) && OF_THE_WRITER.has(name) ? [] : value
  })
}

/** The layouts of all indexes as other threads know them, and what has to be told when one of them changed. */
export type IndexLayouts = {
  /** How the index lies now; null when readers know it so already. */
  changed(tenantId: number, index: CallerIndex): IndexLayout | null
  /** All indexes were replaced by others. */
  replaced(indexes: ReadonlyMap<number, CallerIndex>): IndexLayout[]
  /** Everything, for a reader that knows nothing. */
  all(): IndexLayout[]
}

export function openIndexLayouts(): IndexLayouts {
  const known = new Map<number, { facts: string; memory: SharedArrayBuffer[] }>()
  const numbers = new WeakMap<SharedArrayBuffer, number>()
  let last = 0

  const numberOf = (memory: SharedArrayBuffer): number => {
    const found = numbers.get(memory)
    if (found !== undefined) return found
    numbers.set(memory, ++last)
    return last
  }

  const changed: IndexLayouts['changed'] = (tenantId, index) => {
    const image = index.image()
    const facts = factsForReaders(image.facts)
    const before = known.get(tenantId)
    const { memory } = image
    if (
      before?.facts === facts &&
      before.memory.length === memory.length &&
      before.memory.every((one, i) => one === memory[i])
    )
      return null
    known.set(tenantId, { facts, memory })
    const former = new Set(before?.memory)
    const fresh = memory.filter((one) => !former.has(one))
    return {
      tenantId,
      facts,
      memory: memory.map(numberOf),
      fresh: fresh.map((one) => [numberOf(one), one]),
    }
  }

  return {
    changed,
    replaced(indexes) {
      const gone = [...known.keys()].filter((tenantId) => !indexes.has(tenantId))
      for (const tenantId of gone) known.delete(tenantId)
      return [
        ...gone.map((tenantId) => ({ tenantId, facts: null, memory: [], fresh: [] })),
        ...[...indexes].flatMap(([tenantId, index]) => changed(tenantId, index) ?? []),
      ]
    },
    all: () =>
      [...known].map(([tenantId, { facts, memory }]) => ({
        tenantId,
        facts,
        memory: memory.map(numberOf),
        fresh: memory.map((one) => [numberOf(one), one]),
      })),
  }
}

/** The indexes of another thread, for questions only. */
export type SharedIndexes = {
  take(layout: IndexLayout): void
  /** The tenant's index; an empty one for a tenant without a directory. */
  indexOf(tenantId: number): CallerIndex
}

export function openSharedIndexes(): SharedIndexes {
  type Known = { facts: string; memory: Map<number, SharedArrayBuffer>; index: CallerIndex | null }
  const known = new Map<number, Known>()
  const nobody = openCallerIndex()

  const open = ({ facts, memory }: Known): CallerIndex =>
    openCallerIndex({ facts: JSON.parse(facts) as CallerIndexImage['facts'], memory: [...memory.values()] })

  return {
    take({ tenantId, facts, memory, fresh }) {
      const before = known.get(tenantId)
      if (facts === null) return void known.delete(tenantId)
      const arrived = new Map(fresh)
      const blocks = new Map(
        memory.map((number) => {
          const block = arrived.get(number) ?? before?.memory.get(number)
          if (block === undefined) throw new Error('memory of the index is missing')
          return [number, block]
        }),
      )
      // Opened at the next question: while a book is imported, layouts follow one another faster than questions.
      known.set(tenantId, { facts, memory: blocks, index: null })
    },
    indexOf(tenantId) {
      const found = known.get(tenantId)
      if (found === undefined) return nobody
      return (found.index ??= open(found))
    },
  }
}
