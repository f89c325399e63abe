import { parsePhoneNumberFromString } from 'libphonenumber-js/max'
import type { CountryCode } from 'libphonenumber-js/max'
import examples from 'libphonenumber-js/mobile/examples'
import { readNumber } from '../server/directory/phone-number.ts'

/**
 * Numbers read per second, ours against libphonenumber-js alone, over the same mix: half national with separators,
 * 35 % E.164, 10 % with 00, 5 % odd (extensions, URIs, names, trunk zero inside). `--json` prints the figures alone.
 */

const COUNT = 50_000
const ROUNDS = 7
const HOMES: CountryCode[] = ['FR', 'RO', 'IT', 'AR', 'MX', 'BR', 'RU', 'US', 'GB', 'DE', 'HU', 'ES', 'CI']

/** mulberry32: the same numbers in every run. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

type Question = { raw: string; country: CountryCode }

function makeMix(): Question[] {
  const random = seeded(20261121)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  const shapes: ((e164: string, national: string) => string)[] = [
    (_, national) => `${national} x${10 + Math.floor(random() * 90)}`,
    (e164) => `sip:${e164}@pbx.example;user=phone`,
    (_, national) => `Jean Dupont (${national})`,
    (e164) => `${e164.slice(0, 3)} (0)${e164.slice(3)}`,
    (e164) => `tel:${e164}`,
    (e164) => e164.slice(1),
  ]
  return Array.from({ length: COUNT }, () => {
    const country = pick(HOMES)
    const example = examples[country]
    const subscriber = example.slice(0, -4) + String(Math.floor(random() * 10_000)).padStart(4, '0')
    const number = parsePhoneNumberFromString(subscriber, country)!
    const chance = random()
    const national = number.formatNational()
    if (chance < 0.5) return { raw: national.replaceAll(' ', pick([' ', '.', '-'])), country }
    if (chance < 0.85) return { raw: number.number, country: pick(HOMES) }
    if (chance < 0.95) return { raw: `00${number.number.slice(1)}`, country: 'FR' }
    return { raw: pick(shapes)(number.number, national), country }
  })
}

function perSecond(read: (question: Question) => unknown, mix: readonly Question[]): number {
  const start = process.hrtime.bigint()
  for (const question of mix) read(question)
  return (mix.length * 1e9) / Number(process.hrtime.bigint() - start)
}

function median(figures: number[]): number {
  return figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)]!
}

const mix = makeMix()
const library = ({ raw, country }: Question) => parsePhoneNumberFromString(raw, country)?.number
const ours = ({ raw, country }: Question) => readNumber(raw, country)
const figures: { library: number[]; ours: number[] } = { library: [], ours: [] }
perSecond(library, mix)
perSecond(ours, mix)
for (let round = 0; round < ROUNDS; round++) {
  figures.library.push(perSecond(library, mix))
  figures.ours.push(perSecond(ours, mix))
}

const baseline = median(figures.library)
const result = median(figures.ours)
if (process.argv.includes('--json')) {
  console.log(
    JSON.stringify({
      count: COUNT,
      rounds: ROUNDS,
      library: baseline,
      ours: result,
      ratio: result / baseline,
    }),
  )
} else {
  console.table([
    {
      reader: 'libphonenumber-js',
      'reads/s': Math.round(baseline),
      'µs/read': +(1e6 / baseline).toFixed(2),
      ratio: 1,
    },
    {
      reader: 'readNumber',
      'reads/s': Math.round(result),
      'µs/read': +(1e6 / result).toFixed(2),
      ratio: +(result / baseline).toFixed(1),
    },
  ])
}
