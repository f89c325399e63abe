import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openCallerIndex, type CallerIndexImage } from '../server/directory/caller-index.ts'
import type { PartyRecord, StoredNumber } from '../server/directory/party-record.ts'
import { readSnapshot, writeSnapshot } from '../server/platform/snapshot/snapshot-file.ts'

/**
 * `npm run bench -- snapshot [count=10000000] [--json]`: writes the index of `count` numbers (2.5 a party) down and
 * takes it over again, against putting every record in anew, which is the least a start from a database costs.
 */
const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'boolean' } } })
const count = Number(positionals[0] ?? 10_000_000)
const HINTS = {
  direct_line: null,
  queue_position: null,
  route_identifier: null,
  backend_link: null,
  outbound_number: null,
  language: null,
}
const IDENTITY = { form: 1, arch: process.arch, store: 'bench', databaseId: 'bench' }

const numberOf = (i: number): StoredNumber => {
  const digits = 33_600_000_000 + ((i * 7_919) % 1_000_000_007)
  return { kind: 'mobile', read: { kind: 'external', e164: `+${digits}`, digits, extension: null } }
}

/** Every other party has three numbers, the others two. */
function party(id: number): PartyRecord {
  const first = Math.floor(id * 2.5)
  const numbers = Array.from({ length: id % 2 === 0 ? 3 : 2 }, (_, i) => numberOf(first + i))
  return {
    party: 'contact',
    external_id: null,
    id,
    customer_id: null,
    name: `First${id} Last${id}`,
    active: true,
    hints: HINTS,
    numbers,
  }
}

const seconds = (since: number) => (performance.now() - since) / 1000
const directory = await mkdtemp(join(tmpdir(), 'cordboard-bench-'))
try {
  const file = join(directory, 'memory.snapshot')
  const built = performance.now()
  const index = openCallerIndex()
  for (let id = 1; id <= count / 2.5; id++) index.put(party(id))
  const buildSeconds = seconds(built)

  const image = index.image()
  const written = performance.now()
  const blocks = image.memory.map((one) => one.byteLength)
  const head = {
    ...IDENTITY,
    version: 'bench',
    position: 1,
    writtenAt: Date.now(),
    blocks,
    facts: image.facts,
  }
  const { copied, done } = writeSnapshot(file, head, image.memory)
  await copied
  const stillSeconds = seconds(written)
  await done
  const writeSeconds = seconds(written)

  const read = performance.now()
  const snapshot = await readSnapshot(file, IDENTITY)
  if (snapshot === null) throw new Error('the snapshot is gone')
  const facts = snapshot.head.facts as CallerIndexImage['facts']
  const again = openCallerIndex({ facts, memory: snapshot.memory })
  const readSeconds = seconds(read)
  const last = Math.floor(count / 2.5)
  if (again.get(last)?.id !== last) throw new Error('the index that came back is another one')
  const result = {
    numbers: again.stats().numbers,
    megabytes: Math.round((await stat(file)).size / 1e6),
    put_anew_seconds: buildSeconds,
    standstill_seconds: stillSeconds,
    write_seconds: writeSeconds,
    take_over_seconds: readSeconds,
    ratio: readSeconds / buildSeconds,
  }
  if (values.json) console.log(JSON.stringify(result))
  else
    for (const [name, value] of Object.entries(result))
      console.log(`${name.padEnd(20)} ${Math.round(value * 1000) / 1000}`)
} finally {
  await rm(directory, { recursive: true, force: true })
}
