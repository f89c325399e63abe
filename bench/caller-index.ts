import { parseArgs } from 'node:util'
import { openCallerIndex } from '../server/directory/caller-index.ts'
import type { PartyRecord, StoredNumber } from '../server/directory/party-record.ts'
import { median } from './processes.ts'

/**
 * `npm run bench -- caller-index [count=10000000] [--rounds 5] [--json]`
 *
 * The index alone: a book of `count` numbers (a tenth of them customers with one number each, the others persons with
 * three), the longest single put while it grows, hits and misses against a plain `Map<string, number>` with a tenth of
 * the numbers, and the bytes of every structure. Times of single lookups are processor time.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '5' }, json: { type: 'boolean' } },
})
const count = Number(positionals[0] ?? 10_000_000)
const rounds = Number(values.rounds)
const SAMPLES = Math.min(1_000_000, count)
const HINTS = {
  direct_line: null,
  queue_position: null,
  route_identifier: null,
  backend_link: null,
  outbound_number: null,
  language: null,
}
const OPTIONS = { tail: false, switchboard: false }

/** Mulberry32: the same book on every machine. */
function openRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let hash = Math.imul(state ^ (state >>> 15), state | 1)
    hash ^= hash + Math.imul(hash ^ (hash >>> 7), hash | 61)
    return ((hash ^ (hash >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Calling codes with the first digits and the number of further digits of a subscriber. */
const PLANS: [prefix: number, further: number][] = [
  [336, 8],
  [337, 8],
  [331, 8],
  [4915, 9],
  [4930, 8],
  [447, 9],
  [407, 8],
  [393, 9],
  [1212, 7],
  [1415, 7],
  [3620, 7],
  [346, 8],
  [659, 7],
  [43664, 7],
]

function numberFrom(random: () => number): number {
  const [prefix, further] = PLANS[Math.floor(random() * PLANS.length)]!
  return prefix * 10 ** further + Math.floor(random() * 10 ** further)
}

const stored = (digits: number): StoredNumber => ({
  kind: 'mobile',
  read: { kind: 'external', e164: `+${digits}`, digits, extension: null },
})

function party(id: number, numbers: Float64Array): PartyRecord {
  const customers = Math.ceil(count / 10)
  if (id <= customers) {
    const own = numbers.subarray(id - 1, id)
    return {
      party: 'customer',
      external_id: null,
      id,
      account: `CL${String(id).padStart(8, '0')}`,
      name: `Company ${id} Ltd`,
      category_id: id % 50 === 0 ? 1 : null,
      active: true,
      hints: HINTS,
      contracts: [],
      numbers: [...own].map(stored),
    }
  }
  const from = customers + (id - customers - 1) * 3
  const own = numbers.subarray(from, from + 3)
  return {
    party: 'contact',
    external_id: null,
    id,
    customer_id: (id % customers) + 1,
    name: `First${id} Last${id}`,
    active: true,
    hints: HINTS,
    numbers: [...own].map(stored),
  }
}

/** Microseconds this thread has had a processor: what a busy machine does to others stays out of it. */
function processorTime(): number {
  const { user, system } = process.threadCpuUsage()
  return user + system
}

/** Nanoseconds of processor time for each of `times`. */
function nanoseconds(times: number, work: () => void): number {
  const started = processorTime()
  work()
  return ((processorTime() - started) * 1e3) / times
}

const random = openRandom(20_261_120)
const numbers = Float64Array.from({ length: count }, () => numberFrom(random))
const parties = Math.ceil(count / 10) + Math.ceil((count - Math.ceil(count / 10)) / 3)
globalThis.gc?.()
const before = process.memoryUsage()
const index = openCallerIndex()
const empty = index.stats().bytes
index.putCategory({ id: 1, name: 'VIP', vip: true })

const pauses = new Float64Array(parties)
const busy = new Float64Array(parties)
const started = performance.now()
for (let id = 1; id <= parties; id++) {
  const record = party(id, numbers)
  const worked = processorTime()
  const from = performance.now()
  index.put(record)
  pauses[id - 1] = performance.now() - from
  busy[id - 1] = (processorTime() - worked) / 1e3
}
const buildSeconds = (performance.now() - started) / 1000
pauses.sort()
busy.sort()
globalThis.gc?.()
const after = process.memoryUsage()

const plain = new Map<string, number>()
for (let i = 0; i < count; i += 10) plain.set(`+${numbers[i]}`, i)

const hits: number[] = []
const misses: number[] = []
const gets: number[] = []
const plainHits: number[] = []
let found = 0
for (let round = 0; round < rounds; round++) {
  const known = Float64Array.from({ length: SAMPLES }, () => numbers[Math.floor(random() * count)]!)
  const strange = Float64Array.from({ length: SAMPLES }, () => numberFrom(random))
  const texts = Array.from(
    { length: SAMPLES },
    () => `+${numbers[Math.floor(random() * (count / 10)) * 10]!}`,
  )
  const read = { kind: 'external' as const, e164: '', digits: 0, extension: null }
  const ask = (sample: Float64Array) => {
    for (let i = 0; i < SAMPLES; i++) {
      read.digits = sample[i]!
      found += index.findNumber(read, OPTIONS).owners.length
    }
  }
  hits.push(nanoseconds(SAMPLES, () => ask(known)))
  misses.push(nanoseconds(SAMPLES, () => ask(strange)))
  plainHits.push(nanoseconds(SAMPLES, () => texts.forEach((text) => (found += plain.get(text)! & 1))))
  gets.push(
    nanoseconds(SAMPLES / 10, () => {
      for (let i = 0; i < SAMPLES / 10; i++) found += index.get(1 + Math.floor(random() * parties))!.id & 1
    }),
  )
}

const { parts, bytes, numbers: different } = index.stats()
const perNumber = Object.fromEntries(
  Object.entries(parts).map(([part, size]) => [part, Math.round((size / count) * 100) / 100]),
)
const { numbers: byNumber, tails, lists, texts, accounts, slots, records } = parts
const result = {
  count,
  different,
  parties,
  hit_ns: median(hits),
  miss_ns: median(misses),
  map_tenth_hit_ns: median(plainHits),
  get_ns: median(gets),
  build_seconds: buildSeconds,
  longest_put_ms: pauses[parties - 1]!,
  longest_put_processor_ms: busy[parties - 1]!,
  put_p9999_ms: pauses[Math.floor(parties * 0.9999)]!,
  number_bytes: (byNumber! + tails! + lists! + texts!) / count,
  per_number: perNumber,
  party_bytes: (accounts! + slots! + records!) / parties,
  total_mb: bytes / 1e6,
  rss_mb: (after.rss - before.rss) / 1e6,
  empty_bytes: empty,
  found,
}
if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`)
else {
  for (const [name, value] of Object.entries(result)) {
    const text =
      typeof value === 'number'
        ? Number.isInteger(value)
          ? String(value)
          : value.toFixed(2)
        : JSON.stringify(value)
    process.stdout.write(`${name.padEnd(18)} ${text}\n`)
  }
}
