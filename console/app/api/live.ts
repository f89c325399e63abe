import { useEffect, useRef } from 'react'
import type { LiveEvent } from '../../../contract/live.ts'

export type Connection = 'connecting' | 'on' | 'off'
type Message =
  | { kind: 'event'; event: LiveEvent }
  | { kind: 'connection'; connection: Connection }
  /** A window that has just come asks how things stand. */
  | { kind: 'hello' }

const EVENTS = ['pop', 'dialing', 'answered', 'moved', 'ended'] as const
const CHANNEL = 'cordboard.live'
const AGAIN_AFTER_MS = 10_000

type Told = { onEvent(event: LiveEvent): void; onConnection(connection: Connection): void; onEnded(): void }

/** One stream of the hub; the browser connects again by itself, unless it was refused. */
function openStream(told: Told): () => void {
  let source: EventSource | null = null
  let again: ReturnType<typeof setTimeout> | undefined
  const connect = () => {
    told.onConnection('connecting')
    const opened = new EventSource('/api/v1/live')
    source = opened
    opened.addEventListener('open', () => told.onConnection('on'))
    for (const name of EVENTS) {
      opened.addEventListener(name, ({ data }) => told.onEvent(JSON.parse(String(data)) as LiveEvent))
    }
    opened.addEventListener('bye', ({ data }) => {
      const { reason } = JSON.parse(String(data)) as { reason: string }
      if (reason !== 'session_ended') return
      opened.close()
      told.onConnection('off')
      told.onEnded()
    })
    opened.addEventListener('error', () => {
      told.onConnection('off')
      // A refusal is final for this stream, not for the console: the hub may be starting, or the session over.
      if (opened.readyState === EventSource.CLOSED) {
        told.onEnded()
        again = setTimeout(connect, AGAIN_AFTER_MS)
      }
    })
  }
  connect()
  return () => {
    clearTimeout(again)
    source?.close()
  }
}

/**
 * The calls of one's own phones. Of several windows one holds the stream and tells the others, because browsers open
 * few connections to a host; where there are no locks (plain http) every window holds its own. `active` ends it.
 */
export function useLiveStream(active: boolean, told: Told): void {
  const latest = useRef(told)
  useEffect(() => {
    latest.current = told
  })
  useEffect(() => {
    if (!active) return
    const channel = new BroadcastChannel(CHANNEL)
    const end = new AbortController()
    /** Of this window's own stream; null while another window holds it. */
    let own: Connection | null = null
    const tell = (message: Message) => channel.postMessage(message)
    const stream = () =>
      openStream({
        onEvent(event) {
          tell({ kind: 'event', event })
          latest.current.onEvent(event)
        },
        onConnection(connection) {
          own = connection
          tell({ kind: 'connection', connection })
          latest.current.onConnection(connection)
        },
        onEnded: () => latest.current.onEnded(),
      })
    channel.addEventListener('message', ({ data }) => {
      const message = data as Message
      if (message.kind === 'event') latest.current.onEvent(message.event)
      else if (message.kind === 'connection') latest.current.onConnection(message.connection)
      else if (own !== null) tell({ kind: 'connection', connection: own })
    })
    if ('locks' in navigator) {
      navigator.locks
        .request(CHANNEL, { signal: end.signal }, () => {
          const close = stream()
          return new Promise<void>((resolve) => {
            end.signal.addEventListener('abort', () => {
              close()
              resolve()
            })
          })
        })
        .catch(() => {
          // Given up before its turn came.
        })
    } else {
      const close = stream()
      end.signal.addEventListener('abort', close)
    }
    tell({ kind: 'hello' })
    return () => {
      end.abort()
      channel.close()
    }
  }, [active])
}
