import { MessageChannel, receiveMessageOnPort, type MessagePort } from 'node:worker_threads'
import type { AccessImage } from '../access/access.ts'
import type { AccessMirror } from '../access/access-mirror.ts'
import type { CallerIndex } from '../directory/caller-index.ts'
import type { IndexSharing } from '../directory/directory.ts'
import { openIndexLayouts, openSharedIndexes, type IndexLayout } from '../directory/index/shared-layout.ts'
import type { ProfilesImage, ProfileViews } from '../routing/routing.ts'
import { newReaderLock, openReaderSide, openWriterSide } from '../platform/reader-lock.ts'

/** What readers have to know before they ask again; `layout` counts such messages, so that none is missed. */
type News = {
  layout: number
  indexes: IndexLayout[]
  access: AccessImage | null
  profiles: ProfilesImage | null
}

/** What a reader's thread is given. The port is transferred. */
export type ReaderPass = { reader: number; lock: SharedArrayBuffer; port: MessagePort; all: News }

/** The hub's memory as its threads share it: one index for all of them, changed by one. */
export type SharedMemory = {
  sharing: IndexSharing
  onAccess(image: AccessImage): void
  onProfiles(image: ProfilesImage): void
  /** Lets a thread read as one of the readers, from now on. */
  join(reader: number): ReaderPass
  /** That thread has ended. */
  leave(reader: number): void
}

export function openSharedMemory(readers: number): SharedMemory {
  const lock = newReaderLock(readers)
  const writer = openWriterSide(lock)
  const layouts = openIndexLayouts()
  const ports = new Map<number, MessagePort>()
  let access: AccessImage | null = null
  let profiles: ProfilesImage | null = null

  /** The message is there before its number is seen: whoever sees the number finds the message. */
  const tell = (changed: Partial<Omit<News, 'layout'>>) => {
    const layout = (writer.layout() + 1) | 0
    const news: News = { layout, indexes: [], access: null, profiles: null, ...changed }
    for (const port of ports.values()) port.postMessage(news)
    writer.setLayout(layout)
  }

  return {
    sharing: {
      change: (tenantId, index, work) =>
        writer.write(() => {
          try {
            work()
          } finally {
            const changed = layouts.changed(tenantId, index)
            if (changed) tell({ indexes: [changed] })
          }
        }),
      replaced(indexes) {
        const changed = layouts.replaced(indexes)
        if (changed.length > 0) tell({ indexes: changed })
      },
    },
    onAccess(image) {
      access = image
      tell({ access })
    },
    onProfiles(image) {
      profiles = image
      tell({ profiles })
    },
    join(reader) {
      const { port1, port2 } = new MessageChannel()
      ports.set(reader, port1)
      const all = { layout: writer.layout(), indexes: layouts.all(), access, profiles }
      return { reader, lock, port: port2, all }
    },
    leave(reader) {
      ports.get(reader)?.close()
      ports.delete(reader)
      writer.forget(reader)
    },
  }
}

/** The same memory in another thread, for questions. */
export type MemoryReader = {
  indexOf(tenantId: number): CallerIndex
  /** Runs a question on memory as it is now, none of it changing meanwhile. */
  read<T>(question: () => T): T
  /** Learns what changed but is not read under the lock: tenants and tokens. */
  catchUp(): void
  close(): void
}

export function openMemoryReader(
  { reader, lock, port, all }: ReaderPass,
  { access, profiles }: { access: AccessMirror; profiles: Pick<ProfileViews, 'load'> },
): MemoryReader {
  const side = openReaderSide(lock, reader)
  const indexes = openSharedIndexes()
  let taken = 0
  const take = (news: News) => {
    for (const layout of news.indexes) indexes.take(layout)
    if (news.access) access.load(news.access)
    if (news.profiles) profiles.load(news.profiles)
    taken = news.layout
  }
  take(all)
  // Between questions too, so that a thread nobody asks does not keep what the others have let go.
  port.on('message', take)

  const catchUp = () => {
    while (((side.layout() - taken) | 0) > 0) {
      const next = receiveMessageOnPort(port)
      if (next === undefined) throw new Error('a message on the layout of memory is missing')
      take(next.message as News)
    }
  }
  return {
    indexOf: indexes.indexOf,
    read: (question) =>
      side.read(() => {
        catchUp()
        return question()
      }),
    catchUp,
    close: () => port.close(),
  }
}
