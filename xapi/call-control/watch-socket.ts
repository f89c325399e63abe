import { setTimeout as wait } from 'node:timers/promises'
import { backoffMs } from '../backoff.ts'
import type { Connection } from '../connection.ts'
import { isXapiError } from '../errors.ts'
import type { Session } from '../session.ts'
import type { StoredToken } from '../token-store.ts'
import type { CallEvent, CallPlace } from './call-event.ts'
import type { CallControlRest } from './rest.ts'
import { readChange, type Change } from './frame.ts'
import { openEventSocket, type EventSocket } from './socket.ts'
import { openTracker } from './tracker.ts'

export type WatchOptions = {
  signal: AbortSignal
  emit: (event: CallEvent) => void
  /** Hears why a connection failed; it is tried again. */
  onProblem: (error: unknown) => void
  /** Hears when the events of a new connection follow on from the state of the PBX. */
  onReady: (present: CallPlace[]) => void
  graceMs: number
  pingMs: number
  /** The shortest and the longest wait before the next connection. */
  reconnect: { firstMs: number; mostMs: number }
}

/**
 * Follows the calls of a PBX until the signal ends it. Events only say that something changed, so each is followed by a
 * look at it; a new connection begins with a look at everything. Throws what will not get better by trying again.
 */
export async function watchSocket(
  connection: Connection,
  session: Session,
  rest: CallControlRest,
  options: WatchOptions,
): Promise<void> {
  const { signal } = options
  const tracker = openTracker({ graceMs: options.graceMs, emit: options.emit })
  let rejected: StoredToken | null = null
  let refusals = 0
  try {
    for (let attempt = 0; !signal.aborted; attempt++) {
      if (attempt > 0)
        await wait(backoffMs(attempt - 1, options.reconnect.firstMs, options.reconnect.mostMs), null, {
          signal,
        })
      let token: StoredToken | null = null
      try {
        token = await session.token(signal, rejected)
        rejected = null
        const { isRefused } = await follow(token, () => {
          attempt = 0
          refusals = 0
          options.onReady(tracker.present())
        })
        if (isRefused) rejected = token
      } catch (error) {
        if (signal.aborted) return
        if (isXapiError(error, 'authentication') && token !== null && refusals++ === 0) rejected = token
        else if (isFinal(error)) throw error
        options.onProblem(error)
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error
  } finally {
    tracker.close()
  }

  /** One connection, from its opening to its end. */
  async function follow(token: StoredToken, onReady: () => void): Promise<{ isRefused: boolean }> {
    const inbox = openInbox()
    const socket = await openEventSocket(connection, token, {
      pingMs: options.pingMs,
      signal,
      onFrame: (frame) => inbox.add(readChange(frame)),
    })
    void socket.closed.then(() => inbox.close())
    let closed: Awaited<EventSocket['closed']>
    try {
      tracker.reconcile(await rest.state({ signal }))
      onReady()
      for (let change = await inbox.next(); change !== null; change = await inbox.next()) await apply(change)
    } finally {
      socket.close()
      closed = await socket.closed
    }
    return closed
  }

  async function apply(change: Change): Promise<void> {
    if (change.kind === 'gone') return tracker.drop(change.dn, change.legId)
    if (change.kind === 'dn') {
      const state = await rest.dn(change.dn, { signal })
      return tracker.reconcileDn(state ?? { dn: change.dn, type: '', devices: [], participants: [] })
    }
    const leg = change.leg ?? (await rest.participant(change.dn, change.legId, { signal }))
    if (leg === null) tracker.drop(change.dn, change.legId)
    else tracker.put(leg)
  }
}

/** What no new connection will change: rights, a secret that is refused, a PBX without call control. */
function isFinal(error: unknown): boolean {
  return isXapiError(error) && FINAL.includes(error.kind) && error.reason !== 'young_token'
}

const FINAL: readonly string[] = ['authentication', 'permission', 'not_found', 'closed']

/** More changes than this to look at, and a look at everything is quicker. */
const MOST_WAITING = 1000

/**
 * Changes in order. Of several of the same leg that are still to be looked at, the last is enough; what came with the
 * leg itself needs no look and is kept.
 */
function openInbox() {
  const waiting = new Map<string, Change>()
  let count = 0
  let isClosed = false
  let wake: () => void = () => {}
  return {
    add(change: Change | null) {
      if (change === null) return
      const place = change.kind === 'dn' ? change.dn : `${change.dn}/${change.legId}`
      const key = change.kind === 'leg' && change.leg !== null ? `${place} ${count++}` : place
      waiting.delete(key)
      waiting.set(key, change)
      if (waiting.size > MOST_WAITING) isClosed = true
      wake()
    },
    close() {
      isClosed = true
      wake()
    },
    /** Null once the connection is over, or too much waits: what is left is seen when the next one begins. */
    async next(): Promise<Change | null> {
      while (waiting.size === 0 && !isClosed) await new Promise<void>((resolve) => (wake = resolve))
      const [first] = waiting
      if (isClosed || first === undefined) return null
      waiting.delete(first[0])
      return first[1]
    },
  }
}
