import { Readable } from 'node:stream'
import type { Phone } from '../../contract/users.ts'
import type { Lookup } from '../directory/directory.ts'
import type { Change, Store } from '../platform/database/store.ts'
import { openBacklog, type TellableRow } from './backlog.ts'
import { toLiveEvent } from './event-shape.ts'
import type { LiveTables } from './tables.ts'

/** Who reads a stream, and what of it is theirs. */
export type Viewer = {
  tenantId: number
  /** The only PBX they see; null = all of the tenant. */
  hostId: number | null
  /** The only extensions they see, as they are at this moment; null = all. */
  phones: (() => readonly Phone[]) | null
  /** Whether they may still read. */
  stands(): boolean
}

type Farewell = 'session_ended' | 'too_slow' | 'closing'

export type Streams = {
  /**
   * Server-sent events, as docs/live-calls.md tells them, until the viewer leaves or may no longer read. `lastId`: the
   * last event the viewer has; null for one that begins.
   */
  open(viewer: Viewer, lastId: number | null): Readable
  /** Hears what the feed tells; told of rights after those who know them. */
  apply(changes: Change[]): Promise<void>
  /** The feed was not followed for a while: viewers come back and are told what they missed. */
  restart(): void
  close(): void
}

const BEAT_MS = 15_000
const LOOK_MS = 500
/** A viewer that reads nothing is let go beyond this many bytes. */
const MOST_UNREAD = 256 * 1024
/** How soon a client comes back, ms. */
const RETRY_MS = 2_000

type Stream = { viewer: Viewer; deliver(row: TellableRow): void; beat(): void; end(reason: Farewell): void }

const isTheirs = ({ tenantId, hostId, phones }: Viewer, { call }: TellableRow): boolean =>
  call.tenant_id === tenantId &&
  (hostId === null || call.host_id === hostId) &&
  (phones === null ||
    phones().some(({ host_id, extension }) => host_id === call.host_id && extension === call.agent))

export function openStreams(store: Store<LiveTables>, lookup: Lookup): Streams {
  const streams = new Set<Stream>()
  const backlog = openBacklog(store)
  let isClosed = false

  const look = () => {
    for (const stream of streams) if (!stream.viewer.stands()) stream.end('session_ended')
  }
  const looking = setInterval(look, LOOK_MS).unref()
  const beating = setInterval(() => {
    for (const stream of streams) stream.beat()
  }, BEAT_MS).unref()
  const endAll = () => {
    for (const stream of streams) stream.end('closing')
  }

  const open = (viewer: Viewer, lastId: number | null): Readable => {
    const readable = new Readable({ read() {} })
    let told = 0
    /** What comes while the backlog is being read. */
    let waiting: TellableRow[] | null = []

    const send = (text: string) => {
      if (readable.destroyed || readable.readableEnded) return
      if (readable.readableLength > MOST_UNREAD) return stream.end('too_slow')
      readable.push(text)
    }
    const tell = (row: TellableRow) => {
      if (row.event.id <= told || !isTheirs(viewer, row)) return
      told = row.event.id
      const event = toLiveEvent(lookup, row.event, row.call)
      send(`id: ${event.id}\nevent: ${event.event}\ndata: ${JSON.stringify(event)}\n\n`)
    }
    const stream: Stream = {
      viewer,
      deliver: (row) => (waiting === null ? tell(row) : void waiting.push(row)),
      beat: () => send(': beat\n\n'),
      end(reason) {
        if (!streams.delete(stream)) return
        readable.push(`event: bye\ndata: ${JSON.stringify({ reason })}\n\n`)
        readable.push(null)
        // Whoever does not read would never get to the end.
        if (reason === 'too_slow') readable.destroy()
      },
    }
    streams.add(stream)
    readable.once('close', () => streams.delete(stream))
    send(`retry: ${RETRY_MS}\n\n`)
    if (isClosed) stream.end('closing')
    backlog.read(viewer, lastId).then(
      ({ rows, upTo }) => {
        for (const row of rows) tell(row)
        told = Math.max(told, upTo)
        for (const row of waiting ?? []) tell(row)
        waiting = null
      },
      () => stream.end('closing'),
    )
    return readable
  }

  return {
    open,
    async apply(changes) {
      look()
      if (streams.size === 0) return
      const told = changes.filter((one) => one.entity === 'live_event')
      const tenants = new Set([...streams].map(({ viewer }) => viewer.tenantId))
      const ids = told.filter((one) => tenants.has(one.tenantId)).flatMap((one) => one.ids)
      if (ids.length === 0) return
      for (const row of await backlog.byIds(ids)) for (const stream of streams) stream.deliver(row)
    },
    restart: endAll,
    close() {
      isClosed = true
      clearInterval(looking)
      clearInterval(beating)
      endAll()
    },
  }
}
