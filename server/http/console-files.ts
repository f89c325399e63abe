import { createHash } from 'node:crypto'
import { readFile, readdir } from 'node:fs/promises'
import { extname, join, relative, sep } from 'node:path'

/** A built file as it is served: whole, in memory, with the packed forms that were built beside it. */
export type ConsoleFile = {
  type: string
  etag: string
  /** Its name changes with its content. */
  hashed: boolean
  plain: Buffer
  br: Buffer | null
  gzip: Buffer | null
}

/** By path below the site, with `/`; `index.html` is always among them. */
export type ConsoleFiles = ReadonlyMap<string, ConsoleFile>

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
}
const HASHED = /^assets\//

/** Reads the built console; null when there is none. */
export async function readConsole(site: string): Promise<ConsoleFiles | null> {
  const entries = await readdir(site, { withFileTypes: true, recursive: true }).catch(() => [])
  const contents = new Map<string, Buffer>()
  for (const entry of entries) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    contents.set(relative(site, path).split(sep).join('/'), await readFile(path))
  }
  const files = new Map<string, ConsoleFile>()
  for (const [path, plain] of contents) {
    const type = TYPES[extname(path)]
    if (type === undefined) continue
    files.set(path, {
      type,
      etag: `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`,
      hashed: HASHED.test(path),
      plain,
      br: contents.get(`${path}.br`) ?? null,
      gzip: contents.get(`${path}.gz`) ?? null,
    })
  }
  return files.has('index.html') ? files : null
}
