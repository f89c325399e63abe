// node bin/run.mjs bin/console-build.mjs: builds the console into console/dist/site, whole or not at all.
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { build } from 'vite'
import { SITE, STAMP, digestSources, isBuilt } from './console-sources.mjs'

const WORTH_PACKING = /\.(?:html|js|css|svg|json|webmanifest)$/

const root = fileURLToPath(new URL('..', import.meta.url))
const site = join(root, SITE)

mkdirSync(dirname(site), { recursive: true })
const fresh = mkdtempSync(join(dirname(site), 'new-'))
try {
  const digest = digestSources(root)
  await build({
    root: join(root, 'console'),
    configFile: join(root, 'console', 'vite.config.mjs'),
    logLevel: 'error',
    build: { outDir: fresh, emptyOutDir: true },
  })
  packBelow(fresh)
  writeFileSync(join(fresh, STAMP), digest)
  // Whoever builds is not always who serves.
  chmodSync(fresh, 0o755)
  putInPlace()
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
} finally {
  rmSync(fresh, { recursive: true, force: true })
}

/** Beside each text its packed forms, so that serving costs nothing. */
function packBelow(directory) {
  for (const entry of readdirSync(directory, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || !WORTH_PACKING.test(entry.name)) continue
    const path = join(entry.parentPath, entry.name)
    const content = readFileSync(path)
    writeFileSync(`${path}.br`, brotliCompressSync(content))
    writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }))
  }
}

/** Another hub may be starting beside this one and build the same: whoever comes second has nothing left to do. */
function putInPlace() {
  const former = `${fresh}-former`
  try {
    renameSync(site, former)
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
  try {
    renameSync(fresh, site)
  } catch (error) {
    if (!isBuilt(root)) throw error
  }
  rmSync(former, { recursive: true, force: true })
}
