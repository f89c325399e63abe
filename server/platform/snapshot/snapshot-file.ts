import { createHash } from 'node:crypto'
import { open, type FileHandle } from 'node:fs/promises'
import { Worker } from 'node:worker_threads'
import {
  DIGEST_BYTES,
  MAGIC,
  PREFIX_BYTES,
  type SnapshotHead,
  type SnapshotThreadAnswer,
  type SnapshotThreadData,
} from './snapshot-form.ts'

/** The file is no snapshot this hub may use; the message says why, and never holds what is in it. */
export class SnapshotRefused extends Error {
  override readonly name = 'SnapshotRefused'
}

/** What the hub that reads a snapshot is. `databaseId` is null while the database cannot be asked for it. */
export type Reader = Pick<SnapshotHead, 'form' | 'arch' | 'store'> & { databaseId: string | null }

export type Snapshot = { head: SnapshotHead; memory: SharedArrayBuffer[] }

const PIECE = 16 * 1024 * 1024
const LONGEST_HEAD = 256 * 1024 * 1024

/**
 * Writes a snapshot beside `file` and puts it in its place once it is whole and durable, mode 0600. `copied` resolves
 * as soon as memory may change again; both reject when the disk does not take it, and the former file stays.
 */
export function writeSnapshot(file: string, head: SnapshotHead, memory: SharedArrayBuffer[]) {
  const workerData: SnapshotThreadData = { file, head, memory }
  const worker = new Worker(new URL('./snapshot-thread.ts', import.meta.url), { workerData })
  const copied = Promise.withResolvers<void>()
  const done = Promise.withResolvers<void>()
  const fail = (error: unknown) => {
    copied.reject(error)
    done.reject(error)
  }
  worker.on('message', (answer: SnapshotThreadAnswer) =>
    answer === 'copied' ? copied.resolve() : done.resolve(),
  )
  worker.on('error', fail)
  worker.on('exit', () => fail(new Error('the snapshot thread ended without a word')))
  // Whoever waits for one of them need not wait for the other.
  copied.promise.catch(() => {})
  done.promise.catch(() => {})
  return { copied: copied.promise, done: done.promise }
}

/** Reads a snapshot if it is whole and this hub's own; null when there is none. SnapshotRefused otherwise. */
export async function readSnapshot(file: string, reader: Reader): Promise<Snapshot | null> {
  let handle: FileHandle
  try {
    handle = await open(file, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw new SnapshotRefused(`it cannot be opened (${(error as NodeJS.ErrnoException).code})`)
  }
  try {
    return await readOpen(handle, reader)
  } finally {
    await handle.close()
  }
}

async function readOpen(file: FileHandle, reader: Reader): Promise<Snapshot> {
  const hash = createHash('sha256')
  const { size } = await file.stat()
  let at = 0
  const read = async (into: Uint8Array) => {
    for (let from = 0; from < into.length;) {
      const { bytesRead } = await file.read(into, from, Math.min(PIECE, into.length - from), at)
      if (bytesRead === 0) throw new SnapshotRefused('it ends too early')
      from += bytesRead
      at += bytesRead
    }
    return into
  }
  const take = async (into: Uint8Array) => {
    hash.update(await read(into))
    return into
  }
  const head = await readHead(size, take)
  refuseForeign(head, reader)
  const expected = at + head.blocks.reduce((sum, bytes) => sum + bytes, 0) + DIGEST_BYTES
  if (size !== expected) throw new SnapshotRefused(`it has ${size} bytes instead of ${expected}`)
  const memory: SharedArrayBuffer[] = []
  for (const bytes of head.blocks) {
    const block = new SharedArrayBuffer(bytes)
    await take(new Uint8Array(block))
    memory.push(block)
  }
  if (!hash.digest().equals(await read(new Uint8Array(DIGEST_BYTES)))) {
    throw new SnapshotRefused('its checksum does not fit its contents')
  }
  return { head, memory }
}

async function readHead(
  size: number,
  take: (into: Uint8Array) => Promise<Uint8Array>,
): Promise<SnapshotHead> {
  if (size < PREFIX_BYTES + DIGEST_BYTES) throw new SnapshotRefused('it ends too early')
  const prefix = Buffer.from(await take(new Uint8Array(PREFIX_BYTES)))
  if (prefix.toString('latin1', 0, MAGIC.length) !== MAGIC) throw new SnapshotRefused('it is no snapshot')
  const length = prefix.readUInt32LE(MAGIC.length)
  if (length > Math.min(size, LONGEST_HEAD)) throw new SnapshotRefused('it ends too early')
  const text = Buffer.from(await take(new Uint8Array(length))).toString('utf8')
  try {
    return JSON.parse(text) as SnapshotHead
  } catch {
    throw new SnapshotRefused('its head cannot be read')
  }
}

function refuseForeign(head: SnapshotHead, { form, arch, store, databaseId }: Reader): void {
  if (head.form !== form || head.arch !== arch) {
    throw new SnapshotRefused(
      `it was written by Cordboard ${head.version} on ${head.arch}, which lays memory out differently`,
    )
  }
  const isOurs = databaseId === null ? head.store === store : head.databaseId === databaseId
  if (!isOurs) throw new SnapshotRefused('it belongs to another database')
}
