import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, resolve, sep } from 'node:path'

const PLACES = ['contract', 'xapi', 'server', 'cli', 'console', 'pbx-simulator', 'test', 'bin']
/** Journeys in a browser, which not every machine has. */
export const BROWSER_PLACE = 'test/browser'

/**
 * Every test file of the workspace that needs no browser, or, `inBrowser`, every one that does: absolute and in order;
 * `filters` keep paths that contain one of them.
 */
export function findTestFiles(root, filters, { inBrowser = false } = {}) {
  return PLACES.flatMap((place) =>
    globSync(`${place}/**/*.test.ts`, { cwd: root, exclude: ['**/node_modules/**'] }),
  )
    .map((path) => path.split(sep).join('/'))
    .filter((path) => path.startsWith(`${BROWSER_PLACE}/`) === inBrowser)
    .filter((path) => filters.length === 0 || filters.some((filter) => path.includes(filter)))
    .sort((a, b) => a.localeCompare(b, 'en'))
    .map((path) => join(root, path))
}

/** Whether a test file tests on a database: it imports `test/stores.ts`, itself or through another file of `test/`. */
export function needsStore(root, file, seen = new Set()) {
  if (seen.has(file) || !existsSync(file)) return false
  seen.add(file)
  const imported = [...readFileSync(file, 'utf8').matchAll(/from\s+'(\.[^']*\.ts)'/g)].map(([, path]) =>
    resolve(dirname(file), path),
  )
  const inTest = imported.filter((path) => path.startsWith(join(root, 'test') + sep))
  return inTest.some((path) => path === join(root, 'test', 'stores.ts') || needsStore(root, path, seen))
}
