/**
 * A snapshot file: MAGIC, the length of the head (uint32, little endian), the head (JSON), every block of memory in the
 * head's order, and the SHA-256 of all that. Memory lies in it as the processor holds it, so one made elsewhere is refused.
 */
export const MAGIC = 'CORDSNAP'
export const DIGEST_BYTES = 32
export const PREFIX_BYTES = MAGIC.length + 4

/** What a snapshot says of itself. */
export type SnapshotHead = {
  /** How head and memory are to be read; another number is another Cordboard's. */
  form: number
  /** `process.arch`: the order of bytes in memory is the processor's. */
  arch: string
  /** Version of the Cordboard that wrote it. */
  version: string
  /** The identity of the database it is a picture of, and a digest of the address it was reached at. */
  databaseId: string
  store: string
  /** Number of the last change in it. */
  position: number
  /** ms UTC. */
  writtenAt: number
  /** Bytes of each block of memory. */
  blocks: number[]
  facts: unknown
}

/** What a writing thread is given, and what it says: `copied` once memory may change again, `done` when it is durable. */
export type SnapshotThreadData = { file: string; head: SnapshotHead; memory: SharedArrayBuffer[] }
export type SnapshotThreadAnswer = 'copied' | 'done'

/** MAGIC, length and head. */
export function encodeHead(head: SnapshotHead): Buffer {
  const text = Buffer.from(JSON.stringify(head))
  const prefix = Buffer.alloc(PREFIX_BYTES)
  prefix.write(MAGIC, 'latin1')
  prefix.writeUInt32LE(text.length, MAGIC.length)
  return Buffer.concat([prefix, text])
}
