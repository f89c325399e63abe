import { setTimeout as wait } from 'node:timers/promises'
import type { CallPlace, XapiClient } from '../../xapi/xapi.ts'
import { asPbxError } from '../fleet/fleet.ts'
import type { Clock } from '../platform/clock.ts'
import type { Store } from '../platform/database/store.ts'
import type { Log } from '../platform/log.ts'
import { openNoteQueue } from './note-queue.ts'
import type { Claim, Leases, WatchState } from './leases.ts'
import type { Recording } from './record.ts'
import type { LiveTables } from './tables.ts'

/** One PBX watched by this hub. */
export type HostWatch = {
  /** Notes what was seen so far and ends. */
  stop(): Promise<void>
}

export type HostWatchDeps = {
  store: Store<LiveTables>
  recording: Recording
  leases: Leases
  clock: Clock
  log: Log
  /** The client of the PBX, asked for at every attempt. */
  open(claim: Claim): Promise<XapiClient>
}

const FIRST_RETRY_MS = 2_000
const LONGEST_RETRY_MS = 5 * 60_000
/** The same trouble again is noted this often. */
const REPEAT_MS = 60_000

const wordsOf = (error: unknown): string => {
  const told = asPbxError(error)
  return told instanceof Error ? told.message : String(told)
}

/** Follows the calls of a PBX, through whatever happens to it, until stopped or `onLost`. */
export function watchHost(deps: HostWatchDeps, claim: Claim, onLost: () => void): HostWatch {
  const { store, leases, clock, log, open } = deps
  const leaving = new AbortController()
  const { signal } = leaving
  const queue = openNoteQueue(deps, claim, signal, () => {
    leaving.abort()
    onLost()
  })

  let noted: { status: unknown; error: string | null; at: number } = { status: null, error: null, at: 0 }
  let noting: Promise<unknown> = Promise.resolve()
  const note = (state: WatchState) => {
    noting = noting
      .then(() => leases.note(claim, state))
      .catch((error: unknown) => log.warn('the state of a watch could not be noted', { error }))
  }
  const trouble = (error: unknown) => {
    const [words, at] = [wordsOf(error), clock.now()]
    if (noted.status === 'away' && noted.error === words && at - noted.at < REPEAT_MS) return
    noted = { status: 'away', error: words, at }
    log.warn('live calls of a PBX are not seen', { pbx_host: claim.hostId, reason: words })
    note({ status: 'away', source: null, since: null, last_error: words, failed_at: at })
  }

  /** Where calls were going on when they were last seen, and calls whose way is still to be told. */
  const lastSeen = async (): Promise<{ places: CallPlace[]; untold: number[] }> => {
    const rows = await store.read
      .selectFrom('live_calls')
      .select(['call_no', 'call_id', 'dn', 'ended_at'])
      .where('host_id', '=', claim.hostId)
      .where('told', '=', 0)
      .execute()
    return {
      places: rows.filter((row) => row.ended_at === null).map(({ call_id, dn }) => ({ callId: call_id, dn })),
      untold: rows.filter((row) => row.ended_at !== null).map((row) => row.call_no),
    }
  }

  let failures = 0
  const follow = async () => {
    await queue.idle()
    const before = await lastSeen()
    const client = await open(claim)
    let isFirst = true
    const stream = client.callControl.watch({
      signal,
      onProblem: trouble,
      onReady(source, present) {
        failures = 0
        const since = clock.now()
        noted = { status: 'watching', error: null, at: since }
        note({ status: 'watching', source, since })
        if (!isFirst) return
        isFirst = false
        const there = new Set(present.map(({ callId, dn }) => `${callId} ${dn}`))
        const places = before.places.filter(({ callId, dn }) => !there.has(`${callId} ${dn}`))
        if (places.length > 0) queue.push({ kind: 'gone', places, at: since })
        queue.settleSoon(before.untold)
      },
    })
    for await (const event of stream) queue.push({ kind: 'event', event, at: clock.now() })
    if (!signal.aborted) throw new Error('The PBX ended the stream of its calls.')
  }

  const run = async () => {
    while (!signal.aborted) {
      try {
        await follow()
      } catch (error) {
        if (signal.aborted) return
        trouble(error)
      }
      const pause = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures++, 10))
      await wait(pause * (0.75 + Math.random() / 2), null, { signal }).catch(() => {})
    }
  }
  const running = run()

  return {
    async stop() {
      leaving.abort()
      await running
      await queue.close()
      await noting
    },
  }
}
