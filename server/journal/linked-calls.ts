import type { Actor } from '../platform/audit.ts'
import type { CallReach } from './call-filters.ts'
import type { KnownCalls } from './known-calls.ts'
import type { SeenCalls } from './seen-calls.ts'
import type { JournalTx } from './write.ts'

/** The id of a call in `calls`, in a transaction that wants to say something of it. */
export type CallLink = (tx: JournalTx, actor: Actor) => Promise<number>

/** A PBX gives its ids again: a call that was over so long ago is not the one that is meant. */
const LATE_MS = 12 * 3_600_000

export type LinkedCalls = {
  /**
   * The stored call that somebody names, or the seen one, which is stored then; undefined when neither is known. `numberKey`
   * is the caller's: a call of another number is not the one.
   */
  link(reach: CallReach, asked: { call: string; numberKey: string | null }): Promise<CallLink | undefined>
}

export function openLinkedCalls(
  known: Pick<KnownCalls, 'find'>,
  seenCalls: Pick<SeenCalls, 'hostOf' | 'keep'>,
  { now, keyOf }: { now(): number; keyOf(tenantId: number, number: string): string | null },
): LinkedCalls {
  return {
    async link(reach, { call, numberKey }) {
      const found = await known.find(reach, { call, host: null })
      if (!found) return undefined
      const key = found.number === null ? null : keyOf(reach.tenantId, found.number)
      if (key !== numberKey) return undefined
      const { record, seen } = found
      if (seen !== null && seen.endedAt !== null && now() - seen.endedAt > LATE_MS) return undefined
      if (seen === null) return record === null ? undefined : async () => record.id
      const host = await seenCalls.hostOf(seen)
      return host === null ? undefined : (tx, actor) => seenCalls.keep(tx, actor, seen, host)
    },
  }
}
