import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { access, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Transform, type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { HubError } from '../../platform/errors.ts'

/** A file received whole and on the disk, not yet anybody's. */
export type Received = { bytes: number; keepAs(importId: number): Promise<void>; discard(): Promise<void> }

/** The books waiting to be imported, one file each. */
export type Spool = {
  /** Identity of this data directory: several hubs may share a database, each with files of its own. */
  place(): Promise<string>
  path(importId: number): string
  receive(body: Readable): Promise<Received>
  has(importId: number): Promise<boolean>
  remove(importId: number): Promise<void>
  /** Removes files of no import in `live`: what was cut off while it arrived. */
  sweep(live: Set<number>): Promise<void>
}

async function syncDirectory(path: string): Promise<void> {
  // Windows has no such thing as an open directory; its renames are in the journal.
  if (process.platform === 'win32') return
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

function atMost(maxBytes: number): { meter: Transform; bytes(): number } {
  let bytes = 0
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      // What is too much is read and dropped: breaking off would cut the connection before the answer.
      if (bytes <= maxBytes) done(null, chunk)
      else done()
    },
  })
  return { meter, bytes: () => bytes }
}

export function openSpool(dataDir: string, maxBytes: number): Spool {
  const directory = join(dataDir, 'imports')
  const placeFile = join(directory, 'place')
  const path = (importId: number) => join(directory, `${importId}.csv`)
  const make = () => mkdir(directory, { recursive: true, mode: 0o700 })
  const readPlace = () => readFile(placeFile, 'utf8').catch(() => null)

  return {
    async place() {
      const known = await readPlace()
      if (known) return known
      await make()
      await writeFile(placeFile, randomUUID(), { flag: 'wx', mode: 0o600 }).catch(() => {})
      const made = await readPlace()
      if (!made) throw new Error(`cannot write ${placeFile}`)
      return made
    },
    path,
    async receive(body) {
      await make()
      const arriving = join(directory, `${randomUUID()}.part`)
      const { meter, bytes } = atMost(maxBytes)
      const discard = () => rm(arriving, { force: true })
      try {
        await pipeline(body, meter, createWriteStream(arriving, { flags: 'wx', mode: 0o600, flush: true }))
      } catch (error) {
        await discard()
        if ((error as { code?: unknown }).code !== 'ENOSPC') throw error
        throw new HubError('store_full', 'The disk of the data directory is full: nothing was kept.', {
          cause: error,
        })
      }
      if (bytes() > maxBytes) {
        await discard()
        throw new HubError(
          'payload_too_large',
          `The file is larger than ${Math.floor(maxBytes / 1024 / 1024)} MiB: import it in parts.`,
        )
      }
      return {
        bytes: bytes(),
        async keepAs(importId) {
          await rename(arriving, path(importId))
          await syncDirectory(directory)
        },
        discard,
      }
    },
    has: (importId) =>
      access(path(importId)).then(
        () => true,
        () => false,
      ),
    remove: (importId) => rm(path(importId), { force: true }),
    async sweep(live) {
      const files = await readdir(directory).catch(() => [])
      for (const file of files) {
        const id = /^(\d+)\.csv$/.exec(file)?.[1]
        const stray = file.endsWith('.part') || (id !== undefined && !live.has(Number(id)))
        if (stray) await rm(join(directory, file), { force: true })
      }
    },
  }
}
