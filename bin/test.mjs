// node bin/test.mjs [--postgres | --browser] [part of a path …]
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { finished } from 'node:stream/promises'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { findChromium } from './chromium.mjs'
import { findTestFiles, needsStore } from './test-files.mjs'
import { openTally } from './test-tally.mjs'

/** A file still running after this long hangs: many times what the longest takes, for machines that are slow and busy. */
const FILE_TIMEOUT_MS = 900_000

const root = process.cwd()
const wantsPostgres = process.argv.includes('--postgres')
const inBrowser = process.argv.includes('--browser')
const filters = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))

if (wantsPostgres) {
  if (!process.env.DATABASE_URL) {
    process.stderr.write(
      'The tests on PostgreSQL need DATABASE_URL: the postgres:// address of a server where its user may create databases.\n',
    )
    process.exit(1)
  }
  process.env.CORDBOARD_TEST_POSTGRES = process.env.DATABASE_URL
  process.env.CORDBOARD_TEST_POSTGRES_ALONE = '1'
}

if (inBrowser && findChromium() === null) {
  process.stderr.write(
    'The journeys need Chromium: install your system’s package, or name the program in CHROMIUM_PATH.\n',
  )
  process.exit(1)
}

const files = findTestFiles(root, filters, { inBrowser }).filter(
  (file) => !wantsPostgres || needsStore(root, file),
)
// What the files of this run share: the store they copy, and what of the program is compiled already.
const shared = mkdtempSync(join(tmpdir(), 'cordboard-run-'))
process.once('exit', () => rmSync(shared, { recursive: true, force: true }))
process.env.CORDBOARD_TEST_RUN = shared
process.env.NODE_COMPILE_CACHE ??= join(shared, 'compiled')

const tally = openTally()
// Two browsers at once are too much for a small machine. Of the other files one or the other waits for something.
const concurrency = inBrowser ? 1 : Math.min(4, availableParallelism() + 1)
const tests = run({ files, concurrency, isolation: 'process', timeout: FILE_TIMEOUT_MS })
tests.on('test:pass', tally.passed)
tests.on('test:fail', tally.failed)
tests.on('test:summary', ({ file }) => file && tally.fileEnded(file))
const report = tests.compose(spec)
report.pipe(process.stdout, { end: false })
await finished(report)

const lines = []
const cutShort = tally.close(files)
for (const file of cutShort)
  lines.push(`FAILED ${relative(root, file)}: it ran no test, or ended before its tests did.`)
for (const { file, name, reason } of tally.skipped)
  lines.push(`skipped: ${relative(root, file)}: ${name} (${reason})`)
const withoutPostgres =
  process.env.CORDBOARD_TEST_POSTGRES || inBrowser ? [] : files.filter((file) => needsStore(root, file))
if (withoutPostgres.length > 0) {
  lines.push(
    `skipped: the PostgreSQL half of ${withoutPostgres.length} test files (needs a server: DATABASE_URL=postgres://… npm run test:postgres)`,
  )
}
const journeys = wantsPostgres || inBrowser ? [] : findTestFiles(root, filters, { inBrowser: true })
if (journeys.length > 0) {
  lines.push(
    `skipped: ${journeys.length} files of journeys in a browser (need Chromium: npm run test:browser)`,
  )
}
const { passed, failed, skipped } = tally.count
if (passed + failed === 0) lines.push('FAILED no test ran.')
lines.push(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
process.stdout.write(`\n${lines.join('\n')}\n`)
process.exitCode = failed > 0 || passed + failed === 0 ? 1 : 0
