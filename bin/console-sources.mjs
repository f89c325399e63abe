import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Where the built console lies, below the checkout; the hub serves it from there. */
export const SITE = join('console', 'dist', 'site')
/** In it: the digest of what it was built from. */
export const STAMP = 'sources.sha256'

/** What the built files depend on; package-lock.json stands for the packages. */
const SOURCES = ['console/app', 'console/public', 'contract']
const FILES = ['console/index.html', 'console/vite.config.mjs', 'bin/console-build.mjs', 'package-lock.json']

/** Digest of everything the console is built from. Times would not do: a checkout or a copy changes them as it likes. */
export function digestSources(root) {
  const listed = SOURCES.flatMap((place) => filesBelow(root, place))
  const paths = [...listed, ...FILES.filter((path) => existsSync(join(root, path)))]
  const digest = createHash('sha256')
  for (const path of paths.filter((one) => !one.endsWith('.test.ts')).sort((a, b) => (a < b ? -1 : 1))) {
    const content = readFileSync(join(root, path))
    digest.update(`${path}\n${content.length}\n`).update(content)
  }
  return digest.digest('hex')
}

function filesBelow(root, place) {
  if (!existsSync(join(root, place))) return []
  return readdirSync(join(root, place), { withFileTypes: true }).flatMap((entry) => {
    const path = `${place}/${entry.name}`
    if (entry.name === 'node_modules') return []
    return entry.isDirectory() ? filesBelow(root, path) : [path]
  })
}

/** Whether the built console is there and was built from the sources as they are now. */
export function isBuilt(root) {
  try {
    return readFileSync(join(root, SITE, STAMP), 'utf8') === digestSources(root)
  } catch {
    return false
  }
}
