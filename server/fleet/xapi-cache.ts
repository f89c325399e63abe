import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CacheStore } from '../../xapi/xapi.ts'
import type { Log } from '../platform/log.ts'

/** More than any fleet has builds and addresses; what was used longest ago goes first. */
const MOST_FILES = 2_000

/** Descriptions of PBXs as files of a directory (0700), made with the first one. What cannot be kept is read from the PBX again. */
export function openXapiCache(directory: string, log: Log): CacheStore {
  const fileOf = (key: string) => join(directory, `${createHash('sha256').update(key).digest('hex')}.json`)
  let serial = 0
  return {
    async read(key) {
      const file = fileOf(key)
      try {
        const text = await readFile(file, 'utf8')
        const now = new Date()
        await utimes(file, now, now).catch(() => {})
        return text
      } catch {
        return null
      }
    },
    async write(key, text) {
      const file = fileOf(key)
      const draft = `${file}.${process.pid}.${++serial}`
      try {
        await mkdir(directory, { recursive: true, mode: 0o700 })
        await writeFile(draft, text, { mode: 0o600 })
        await rename(draft, file)
        await forgetOldest(directory)
      } catch (error) {
        await rm(draft, { force: true }).catch(() => {})
        log.warn('a description of a PBX could not be kept', { error })
      }
    },
  }
}

async function forgetOldest(directory: string): Promise<void> {
  const names = await readdir(directory)
  if (names.length <= MOST_FILES) return
  const files = await Promise.all(
    names.map(async (name) => ({ name, at: (await stat(join(directory, name))).mtimeMs })),
  )
  files.sort((one, other) => one.at - other.at)
  for (const { name } of files.slice(0, names.length - MOST_FILES)) await rm(join(directory, name))
}
