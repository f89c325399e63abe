import { parentPort, workerData } from 'node:worker_threads'
import { openAccessMirrorOf } from '../server/access/access-mirror.ts'
import { openLookup } from '../server/directory/lookup.ts'
import { openMemoryReader, type ReaderPass } from '../server/hub/shared-memory.ts'
import { seeded } from './many-requests.ts'
import { numberOf } from './versioned-parties.ts'

/** What a reader of `changed-index.test.ts` is given, and what it says at its end. */
export type ReaderTask = {
  pass: ReaderPass
  parties: number
  seed: number
  stop: SharedArrayBuffer
  /** Says so and falls asleep for ever in the middle of a question. */
  sleeps: boolean
}
export type ReaderReport = { asked: number; known: number; wrong: string[] }

const { pass, parties, seed, stop, sleeps } = workerData as ReaderTask
const access = openAccessMirrorOf({
  country: 'FR',
  timeZone: 'Europe/Paris',
  clock: { now: Date.now },
  onUse() {},
})
const memory = openMemoryReader(pass, { access, profiles: { load: () => {} } })
const lookup = openLookup({ indexOf: memory.indexOf, rules: access.tenant, today: () => 0 })
const stopped = new Int32Array(stop)
const random = seeded(seed)
const newest = new Uint32Array(parties)
const report: ReaderReport = { asked: 0, known: 0, wrong: [] }

const judge = (party: number, parity: number): string | null => {
  const identified = memory.read(() => lookup.byNumber(1, numberOf(party, parity)))
  report.asked++
  if (!identified.known) return null
  report.known++
  const { customer, contact } = identified
  const version = Number(new RegExp(`^C${party} v(\\d+)$`).exec(customer?.name ?? '')?.[1] ?? -1)
  if (version < 0 || customer?.account !== `A${party}` || contact?.name !== `P${party} v${version}`)
    return `${party} is ${JSON.stringify(identified)}`
  if (version % 2 !== parity) return `version ${version} of ${party} is on the other's number`
  if (customer.vip !== (version % 2 === 1)) return `version ${version} of ${party} has the other's category`
  if (version < newest[party]!) return `version ${version} of ${party} after ${newest[party]}`
  newest[party] = version
  return null
}

if (sleeps) {
  memory.read(() => {
    parentPort?.postMessage('asleep')
    Atomics.wait(stopped, 0, 0)
  })
}
while (Atomics.load(stopped, 0) === 0 && report.wrong.length < 5) {
  try {
    const wrong = judge(Math.floor(random() * parties), random() < 0.5 ? 0 : 1)
    if (wrong !== null) report.wrong.push(wrong)
  } catch (error) {
    report.wrong.push(String((error as Error).stack))
  }
}
memory.close()
parentPort?.postMessage(report)
