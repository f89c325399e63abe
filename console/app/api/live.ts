import { useEffect, useRef } from 'react'
import type { LiveEvent } from '../../../contract/live.ts'
import { followEvents } from './event-stream.ts'
import { actingTenant } from './tenant.ts'

export type Connection = 'connecting' | 'on' | 'off'
type Message =
  | { kind: 'event'; event: LiveEvent }
  | { kind: 'connection'; connection: Connection }
  /** A window that has just come asks how things stand. */
  | { kind: 'hello' }

const EVENTS: readonly string[] = ['pop', 'dialing', 'answered', 'moved', 'ended']
const isLiveEvent = (name: string) => EVENTS.includes(name)
const CHANNEL = 'cordboard.live'

type Told = { onEvent(event: LiveEvent): void; onConnection(connection: Connection): void; onEnded(): void }

/** One stream of the hub, connected again whenever it is lost. */
function openStream(told: Told): () => void {
  told.onConnection('connecting')
  return followEvents('/api/v1/live', {
    onOpen: () => told.onConnection('on'),
    onEvent({ name, data }) {
      if (name !== 'bye') {
        if (isLiveEvent(name)) told.onEvent(JSON.parse(data) as LiveEvent)
        return true
      }
      const { reason } = JSON.parse(data) as { reason: string }
      if (reason !== 'session_ended') return true
      told.onConnection('off')
      told.onEnded()
      return false
    },
    onLost(refusal) {
      told.onConnection('off')
      // The hub may be starting, or the session over.
      if (refusal) told.onEnded()
    },
  })
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
    // Windows that act in another tenant have calls of their own.
    const place = `${CHANNEL}.${actingTenant()}`
    const channel = new BroadcastChannel(place)
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
        .request(place, { signal: end.signal }, () => {
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
