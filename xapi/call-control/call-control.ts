import type { Connection } from '../connection.ts'
import { isXapiError } from '../errors.ts'
import type { ActiveCalls } from '../resources/call-log.ts'
import type { Secrets } from '../secrets.ts'
import type { Session } from '../session.ts'
import type { CallEvent } from './call-event.ts'
import { openEventQueue } from './event-queue.ts'
import { openCallControlRest, type CallControlRest } from './rest.ts'
import { watchPolling } from './watch-polling.ts'
import { watchSocket } from './watch-socket.ts'

export type WatchCallsOptions = {
  /** Ends the stream quietly. Leaving the loop does the same. */
  signal?: AbortSignal
  /** `auto`, the default, polls where call control is not allowed or not there. */
  via?: 'auto' | 'socket' | 'polling'
  /** How long a call without legs may come back before it is over: transfers need it. Default 2,000. */
  graceMs?: number
  /** Pause between two looks at the active calls. Default 1,500. */
  pollMs?: number
  /** Default 15,000. A connection that answers no ping is given up. */
  pingMs?: number
  /** Default 1,000 to 60,000, doubling. */
  reconnect?: { firstMs: number; mostMs: number }
  /** Hears why a connection was lost or refused; the stream goes on. */
  onProblem?: (error: unknown) => void
  /** Hears when events are followed, first and after every new connection. */
  onReady?: (source: CallEvent['source']) => void
}

/** Live calls: what happens, and orders to legs. */
export type CallControl = CallControlRest & {
  /**
   * What happens to calls, from now until the loop is left. Calls that are there already come first. Throws what trying
   * again will not change: `authentication`, and with `via` other than `auto` also `permission` and `not_found`. Events
   * wait for the reader; read them swiftly. One stream per PBX is enough: share it.
   */
  watch(options?: WatchCallsOptions): AsyncGenerator<CallEvent, void, undefined>
}

export function openCallControl(
  connection: Connection,
  session: Session,
  secrets: Secrets,
  activeCalls: ActiveCalls,
): CallControl {
  const rest = openCallControlRest(session, secrets)

  async function run(options: WatchCallsOptions, signal: AbortSignal, emit: (event: CallEvent) => void) {
    const { via = 'auto', onProblem = () => {}, onReady = () => {} } = options
    const shared = { signal, emit, onProblem }
    if (via !== 'polling') {
      try {
        return await watchSocket(connection, session, rest, {
          ...shared,
          onReady: () => onReady('socket'),
          graceMs: options.graceMs ?? 2000,
          pingMs: options.pingMs ?? 15_000,
          reconnect: options.reconnect ?? { firstMs: 1000, mostMs: 60_000 },
        })
      } catch (error) {
        const isMissing = isXapiError(error, 'permission') || isXapiError(error, 'not_found')
        if (via === 'socket' || !isMissing) throw error
        onProblem(error)
      }
    }
    await watchPolling(activeCalls, {
      ...shared,
      onReady: () => onReady('polling'),
      everyMs: options.pollMs ?? 1500,
    })
  }

  return {
    ...rest,
    async *watch(options = {}) {
      const queue = openEventQueue<CallEvent>()
      const left = new AbortController()
      const signal = options.signal ? AbortSignal.any([left.signal, options.signal]) : left.signal
      const running = run(options, signal, queue.push).then(queue.end, (error: unknown) =>
        signal.aborted ? queue.end() : queue.fail(error),
      )
      const done = connection.use()
      try {
        yield* queue.events()
      } finally {
        left.abort()
        await running
        done()
      }
    },
  }
}
