import { setTimeout as wait } from 'node:timers/promises'
import type { Clock } from '../platform/clock.ts'
import type { Store } from '../platform/database/store.ts'
import { HubError } from '../platform/errors.ts'
import type { Log } from '../platform/log.ts'
import { WatchLost, type Claim, type Leases } from './leases.ts'
import type { Note, Recording } from './record.ts'
import type { LiveTables } from './tables.ts'

/** What a watch has seen, written down in order. */
export type NoteQueue = {
  push(note: Note): void
  /** Looks at these calls once more, a moment from now. */
  settleSoon(callNos: readonly number[]): void
  /** Resolves when everything so far is durable, or is given up. */
  idle(): Promise<void>
  /** Writes what is there, unless the store is away. */
  close(): Promise<void>
}

export type NoteQueueDeps = {
  store: Store<LiveTables>
  recording: Recording
  leases: Pick<Leases, 'hold'>
  clock: Clock
  log: Log
}

const AT_ONCE = 50
/** A call that left a number may arrive at the next one a moment later. */
const SETTLE_MS = 1_000
const LONGEST_PAUSE_MS = 5_000
/** A note that fails that often, the store being there, is left out: those behind it must not wait for ever. */
const TRIES = 3

const isAway = (error: unknown) =>
  error instanceof HubError && (error.code === 'store_unavailable' || error.code === 'store_full')

/** Notes wait while the store is away; `leaving` ends that. `onLost` hears when the PBX is another hub's by now. */
export function openNoteQueue(
  { store, recording, leases, clock, log }: NoteQueueDeps,
  claim: Claim,
  leaving: AbortSignal,
  onLost: () => void,
): NoteQueue {
  const notes: Note[] = []
  const timers = new Set<NodeJS.Timeout>()
  let draining: Promise<void> | null = null
  let isLost = false

  const write = (batch: readonly Note[]) =>
    store.transact(async (tx) => {
      await leases.hold(tx, claim)
      const later: number[] = []
      for (const note of batch) later.push(...(await recording.note(tx, claim, note)))
      return later
    })

  const drain = async () => {
    for (let failures = 0; notes.length > 0 && !isLost;) {
      const batch = notes.slice(0, failures === 0 ? AT_ONCE : 1)
      try {
        const { value } = await write(batch)
        notes.splice(0, batch.length)
        failures = 0
        settleSoon(value)
      } catch (error) {
        if (error instanceof WatchLost) {
          isLost = true
          return onLost()
        }
        failures++
        log.warn('what happened to live calls could not be noted', { error, pbx_host: claim.hostId })
        if (!isAway(error) && failures > TRIES) {
          log.error('something of a live call is left out', { pbx_host: claim.hostId, kind: batch[0]?.kind })
          notes.shift()
          failures = 0
        }
        if (leaving.aborted) return
        await wait(Math.min(LONGEST_PAUSE_MS, 100 * 2 ** failures), null, { signal: leaving }).catch(() => {})
      }
    }
  }

  const push = (note: Note) => {
    if (isLost) return
    notes.push(note)
    draining ??= drain().finally(() => {
      draining = null
    })
  }

  const settleSoon = (callNos: readonly number[]) => {
    for (const callNo of new Set(callNos)) {
      if (leaving.aborted) return
      const timer = setTimeout(() => {
        timers.delete(timer)
        push({ kind: 'settle', callNo, at: clock.now() })
      }, SETTLE_MS)
      timers.add(timer)
    }
  }

  const idle = async () => {
    while (draining !== null) await draining
  }
  return {
    push,
    settleSoon,
    idle,
    async close() {
      for (const timer of timers) clearTimeout(timer)
      await idle()
    },
  }
}
