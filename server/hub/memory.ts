import { rm } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import type { Access, AccessSnapshot } from '../access/access.ts'
import { INDEX_FORM, type Directory, type DirectoryImage } from '../directory/directory.ts'
import {
  LAST_AGENT_BLOCKS,
  type DoNotCallImage,
  type LastAgentMemory,
  type LastAgentsImage,
} from '../journal/journal.ts'
import {
  feedPosition,
  followChanges,
  prunedTo,
  type ChangeTables,
  type Follower,
} from '../platform/changes.ts'
import type { Change, Store } from '../platform/database/store.ts'
import { HubError } from '../platform/errors.ts'
import type { Log } from '../platform/log.ts'
import type { ProfilesImage } from '../routing/routing.ts'
import {
  readSnapshot,
  SnapshotRefused,
  writeSnapshot,
  type Reader,
  type Snapshot,
} from '../platform/snapshot/snapshot-file.ts'

/** Raised when what the head's facts hold changes; the index counts the forms of its memory itself. */
const FACTS_FORM = 5
const FORM = FACTS_FORM * 1_000 + INDEX_FORM
const WRITE_EVERY_MS = 15 * 60_000
const LONGEST_RETRY_MS = 5_000
const LONGEST_CATCH_UP_MS = 120_000

type Facts = {
  access: AccessSnapshot
  directory: DirectoryImage['facts']
  profiles: ProfilesImage
  doNotCall: DoNotCallImage
  lastAgents: LastAgentsImage['facts']
}

/** A room's part of memory: small enough to be written down as JSON. */
type Part<Image> = {
  hydrate(): Promise<void>
  apply(changes: Change[]): Promise<void>
  image(): Image
  load(image: Image): void
}

export type MemoryOptions = {
  feed: Store<ChangeTables>
  access: Access
  directory: Directory
  profiles: Part<ProfilesImage>
  doNotCall: Part<DoNotCallImage>
  lastAgents: LastAgentMemory
  /** Keeps nothing, but tells viewers what changed. */
  live: Pick<Part<never>, 'hydrate' | 'apply'>
  /** Where the snapshot is kept. */
  file: string
  /** Digest of the store's address. */
  place: string
  version: string
  log: Log
  /** Brings the store to the state this hub needs and tells its identity; `store_unavailable` while it is away. */
  prepare(): Promise<{ databaseId: string }>
  /** Called once the store was prepared, after a start without it. */
  onArrival(): Promise<void>
  onTrouble(error: unknown): void
}

/** What answers come from, and how it is kept: filled from the store or a snapshot, following the feed, written down. */
export type Memory = {
  follower: Follower
  /** ms UTC and feed position of the last snapshot; null when there is none yet. */
  snapshot(): { writtenAt: number; position: number } | null
  /**
   * Writes a snapshot now, in the place of the older one, and resolves when it is durable. When the disk does not take
   * it, the older one goes all the same: what was erased is in no file of the hub.
   */
  renew(): Promise<void>
  close(): Promise<void>
}

const isAway = (error: unknown) => error instanceof HubError && error.code === 'store_unavailable'

/** Fills memory and follows the store; with the store away, from the snapshot, until the store is there. */
export async function openMemory(options: MemoryOptions): Promise<Memory> {
  const {
    feed,
    access,
    directory,
    profiles,
    doNotCall,
    lastAgents,
    live,
    file,
    place,
    version,
    log,
    prepare,
    onTrouble,
  } = options
  let last: { writtenAt: number; position: number } | null = null
  const closing = new AbortController()

  const hydrate = async () => {
    const started = performance.now()
    const position = await feedPosition(feed)
    await access.hydrate()
    await directory.hydrate()
    await profiles.hydrate()
    await doNotCall.hydrate()
    await lastAgents.hydrate()
    await live.hydrate()
    const ms = Math.round(performance.now() - started)
    log.info('the directory is in memory', { ...directory.stats(), from: 'store', ms })
    return position
  }
  const load = ({ head, memory }: Snapshot, started: number) => {
    const facts = head.facts as Facts
    access.load(facts.access)
    // The talks lie behind the directory.
    const talks = memory.length - LAST_AGENT_BLOCKS
    directory.load({ facts: facts.directory, memory: memory.slice(0, talks) })
    lastAgents.load({ facts: facts.lastAgents, memory: memory.slice(talks) })
    profiles.load(facts.profiles)
    doNotCall.load(facts.doNotCall)
    last = { writtenAt: head.writtenAt, position: head.position }
    const ms = Math.round(performance.now() - started)
    log.info('the directory is in memory', { ...directory.stats(), from: 'snapshot', ms })
  }

  const reader = (databaseId: string | null): Reader => ({
    form: FORM,
    arch: process.arch,
    store: place,
    databaseId,
  })
  let refused = 'there is none'
  const readUsable = async (databaseId: string | null): Promise<Snapshot | null> => {
    try {
      const snapshot = await readSnapshot(file, reader(databaseId))
      if (snapshot !== null && databaseId !== null) await refuseUnfollowable(feed, snapshot.head.position)
      return snapshot
    } catch (error) {
      if (!(error instanceof SnapshotRefused)) throw error
      refused = error.message
      log.warn('the snapshot is not used', { file, reason: refused })
      return null
    }
  }

  /** Waits for the store of a hub that started without it. */
  const awaitStore = async (wanted: string) => {
    for (let pause = 250; ; pause = Math.min(LONGEST_RETRY_MS, pause * 2)) {
      await wait(pause, undefined, { signal: closing.signal }).catch(() => {})
      if (closing.signal.aborted) return
      try {
        const { databaseId: found } = await prepare()
        if (found === wanted) return await options.onArrival()
        log.error('the database is another one than the snapshot is of: it is not used', { file })
      } catch (error) {
        onTrouble(error)
      }
    }
  }

  const started = performance.now()
  const prepared = await prepare().catch((error: unknown) => {
    if (isAway(error)) return null
    throw error
  })
  const snapshot = await readUsable(prepared?.databaseId ?? null)
  if (prepared === null && snapshot === null) {
    throw new HubError(
      'store_unavailable',
      `The database does not answer, and no snapshot stands in for it (${file}: ${refused}). Start the database, then the hub.`,
    )
  }
  if (snapshot !== null) load(snapshot, started)
  const from = snapshot?.head.position ?? (await hydrate())
  const databaseId = prepared?.databaseId ?? snapshot!.head.databaseId
  const begin = prepared === null ? awaitStore(databaseId) : undefined
  begin?.catch(() => {})
  if (prepared === null) {
    const written_at = new Date(snapshot!.head.writtenAt).toISOString()
    log.warn('the database does not answer: the hub runs on its snapshot', { written_at })
  }

  const follower = followChanges({
    store: feed,
    from,
    ...(begin ? { begin } : {}),
    rehydrate: hydrate,
    onTrouble,
    async apply(changes) {
      await access.apply(changes)
      await directory.apply(changes)
      await profiles.apply(changes)
      await doNotCall.apply(changes)
      await lastAgents.apply(changes)
      await live.apply(changes)
    },
  })

  if (prepared !== null && snapshot !== null) await catchUp(follower, await feedPosition(feed), log)

  let writing: Promise<void> = Promise.resolve()
  const write = async () => {
    const { done, head } = await follower.still(async (position) => {
      const image = directory.image()
      const talks = lastAgents.image()
      const blocks = [...image.memory, ...talks.memory]
      const facts: Facts = {
        access: access.image(),
        directory: image.facts,
        profiles: profiles.image(),
        doNotCall: doNotCall.image(),
        lastAgents: talks.facts,
      }
      const sizes = blocks.map((one) => one.byteLength)
      const identity = { form: FORM, arch: process.arch, version, databaseId, store: place }
      const next = { ...identity, position, writtenAt: Date.now(), blocks: sizes, facts }
      const { copied, done: whole } = writeSnapshot(file, next, blocks)
      await copied
      return { done: whole, head: next }
    })
    await done
    last = { writtenAt: head.writtenAt, position: head.position }
  }
  const renew = () => {
    const next = writing.then(write)
    writing = next.catch((error: unknown) => log.warn('the snapshot could not be written', { file, error }))
    return next
  }
  /** Writes when there is something new to write. */
  const keep = () => (last?.position === follower.position() ? writing : renew().catch(() => {}))
  const timer = setInterval(() => void keep(), WRITE_EVERY_MS)
  timer.unref()
  if (snapshot === null) void keep()

  return {
    follower,
    snapshot: () => last,
    renew: () => renew().catch(() => rm(file, { force: true })),
    async close() {
      clearInterval(timer)
      await keep()
      const closed = follower.close()
      closing.abort()
      await closed
    },
  }
}

/** What was acknowledged before the start is known at the first answer, unless the store goes away meanwhile. */
async function catchUp(follower: Follower, position: number, log: Log): Promise<void> {
  const started = performance.now()
  while (!(await follower.reached(position, 1_000))) {
    const behind = position - follower.position()
    log.info('the hub catches up with the database before it listens', { behind })
    if (follower.awaySince() !== null) return
    if (performance.now() - started < LONGEST_CATCH_UP_MS) continue
    log.warn('the hub listens although it is behind the database', { behind })
    return
  }
}

/** A snapshot whose next changes are pruned, or that holds more than the database does, cannot be followed on. */
async function refuseUnfollowable(feed: Store<ChangeTables>, position: number): Promise<void> {
  if (position < (await prunedTo(feed)))
    throw new SnapshotRefused('it is older than the change feed reaches back')
  if (position > (await feedPosition(feed)))
    throw new SnapshotRefused('it is ahead of the database, which was restored from an older copy')
}
