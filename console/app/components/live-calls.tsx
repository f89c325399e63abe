import { useQueryClient } from '@tanstack/react-query'
import { createContext, useContext, useState, type ReactNode } from 'react'
import { useNavigate } from 'react-router'
import type { LiveEvent } from '../../../contract/live.ts'
import { useLiveStream, type Connection } from '../api/live.ts'
import { useSessionEnded } from '../api/session.ts'
import { paths } from '../paths.ts'
import { useTexts } from '../texts/texts.tsx'
import { Banner } from '../ui/banner.tsx'
import { Button } from '../ui/button.tsx'
import { isFrontWindow, isNewCall } from './front-window.ts'
import { hasUnsaved } from './unsaved.ts'

type Live = { connection: Connection; calls: ReadonlyMap<string, LiveEvent> }
const Context = createContext<Live>({ connection: 'connecting', calls: new Map() })
export const useLive = () => useContext(Context)

const keyOf = (host: string | number, callId: string) => `${host} ${callId}`
const addressOf = (event: LiveEvent) =>
  paths.pop({ call: event.call_id, host: event.host_id, number: event.number })

/** What the stream last told of the call a card was opened for. */
export function useLiveCall(call: string | null, host: string | null): LiveEvent | null {
  const { calls } = useLive()
  return (call !== null && host !== null && calls.get(keyOf(host, call))) || null
}

/** Opens the card of a call that rings, or says that it rings where that would take away what is being written. */
export function LiveCalls({ children }: { children: ReactNode }) {
  const navigate = useNavigate()
  const client = useQueryClient()
  const ended = useSessionEnded()
  const [connection, setConnection] = useState<Connection>('connecting')
  const [calls, setCalls] = useState<ReadonlyMap<string, LiveEvent>>(new Map())
  const [waiting, setWaiting] = useState<LiveEvent[]>([])

  /** Talking to somebody, or with something typed: not to be taken away from. */
  const isBusy = () => {
    const search = new URLSearchParams(location.search)
    const [host, call] = [search.get('host'), search.get('call')]
    const here = host !== null && call !== null ? calls.get(keyOf(host, call)) : undefined
    return hasUnsaved() || document.querySelector('dialog[open]') !== null || here?.state === 'answered'
  }
  const open = (event: LiveEvent) => {
    setWaiting((before) => before.filter(({ call }) => call !== event.call))
    void navigate(addressOf(event))
  }

  useLiveStream(!ended, {
    onConnection: setConnection,
    // Whether the session is over is told by asking for something.
    onEnded: () => void client.invalidateQueries({ queryKey: ['callbacks'] }),
    onEvent(event) {
      setCalls((before) => new Map(before).set(keyOf(event.host_id, event.call_id), event))
      if (event.event === 'moved' || event.event === 'ended') {
        setWaiting((before) => before.filter(({ call }) => call !== event.call))
        // The PBX has more to say of a call once it is over.
        void client.invalidateQueries({ queryKey: ['pop'] })
      }
      // A stream begins with the last that happened to each call that goes on: talking, perhaps.
      if (event.event === 'moved' || event.event === 'ended') return
      if (!isFrontWindow() || !isNewCall(event.call)) return
      if (isBusy()) setWaiting((before) => [...before, event])
      else open(event)
    },
  })
  return (
    <Context value={{ connection, calls }}>
      {waiting.map((event) => (
        <Waiting
          key={event.call}
          event={event}
          onOpen={() => open(event)}
          onDismiss={() => setWaiting((before) => before.filter((one) => one !== event))}
        />
      ))}
      {children}
    </Context>
  )
}

function Waiting({
  event,
  onOpen,
  onDismiss,
}: {
  event: LiveEvent
  onOpen: () => void
  onDismiss: () => void
}) {
  const t = useTexts()
  const who = event.contact?.name || event.customer?.name || event.caller_name || event.number || t.withheld
  return (
    <Banner kind="info" urgent>
      <span>
        <strong>{event.direction === 'outbound' ? t.callTo(who) : t.ringingFrom(who)}</strong>
        {hasUnsaved() ? ` ${t.ringingUnsaved}` : ''}
      </span>
      <span className="banner-actions">
        <Button kind="primary" onClick={onOpen}>
          {t.openCard}
        </Button>
        <Button kind="quiet" onClick={onDismiss}>
          {t.dismiss}
        </Button>
      </span>
    </Banner>
  )
}
