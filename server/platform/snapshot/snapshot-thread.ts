import { createHash } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readSync, renameSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { encodeHead, type SnapshotThreadAnswer, type SnapshotThreadData } from './snapshot-form.ts'

const PIECE = 16 * 1024 * 1024

function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at, Math.min(PIECE, bytes.length - at))
}

/** Reads back what was written, so that the digest is of the file and costs the hub no standstill. */
function digestOf(file: number): Buffer {
  const hash = createHash('sha256')
  const piece = Buffer.alloc(PIECE)
  for (let at = 0; ;) {
    const read = readSync(file, piece, 0, PIECE, at)
    if (read === 0) return hash.digest()
    hash.update(piece.subarray(0, read))
    at += read
  }
}

function syncDirectory(path: string): void {
  if (process.platform === 'win32') return
  const directory = openSync(path, 'r')
  fsyncSync(directory)
  closeSync(directory)
}

function main(say: (answer: SnapshotThreadAnswer) => void): void {
  const { file: path, head, memory } = workerData as SnapshotThreadData
  const unfinished = `${path}.new`
  const file = openSync(unfinished, 'w+', 0o600)
  try {
    writeAll(file, encodeHead(head))
    for (const one of memory) writeAll(file, new Uint8Array(one))
    say('copied')
    writeAll(file, digestOf(file))
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(unfinished, path)
  syncDirectory(dirname(path))
  say('done')
}

const port = parentPort
if (!port) throw new Error('snapshot-thread runs in a worker thread only')
main((answer) => port.postMessage(answer))
