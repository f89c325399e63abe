import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { parsePhoneNumberFromString } from 'libphonenumber-js/max'
import type { CountryCode } from 'libphonenumber-js/max'
import examples from 'libphonenumber-js/mobile/examples'
import { COUNTRIES, callingCodeLength, fastRead, isCountry, writesNoTrunkPrefix } from './number-plan.ts'

/** What the library alone makes of the same digits: the truth that the fast path must repeat or leave alone. */
function libraryReads(clean: string, country: CountryCode | null): string | null {
  const read = parsePhoneNumberFromString(clean, { defaultCountry: country ?? undefined, extract: false })
  return read?.isPossible() && read.number.length <= 16 ? read.number.slice(1) : null
}

function agrees(clean: string, country: CountryCode | null): void {
  const fast = fastRead(clean, country)
  if (fast !== null) assert.equal(fast, libraryReads(clean, country), `${clean} in ${country}`)
}

const samples = COUNTRIES.flatMap((country) => {
  const sample = examples[country] && parsePhoneNumberFromString(examples[country], country)
  return sample ? [{ country, sample }] : []
})

const country = fc.constantFrom(...COUNTRIES)
const digits = (minLength: number, maxLength: number) =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength, maxLength }).map((list) => list.join(''))
const prefixes = fc.constantFrom(
  '',
  '+',
  '00',
  '011',
  '010',
  '810',
  '0',
  '00',
  '06',
  '8',
  '1',
  '80',
  '90',
  '0015',
  '0011',
)

describe('the fast path agrees with libphonenumber or abstains', () => {
  test('on the example number of every country in every plain spelling, read at home and elsewhere', () => {
    for (const { country: home, sample } of samples) {
      const code = sample.countryCallingCode
      const subscriber = sample.nationalNumber
      const plain = sample.formatNational().replace(/\D/g, '')
      for (const body of [
        subscriber,
        plain,
        `0${subscriber}`,
        `00${subscriber}`,
        `1${subscriber}`,
        `8${subscriber}`,
      ]) {
        for (const spelling of [
          body,
          `+${code}${body}`,
          `00${code}${body}`,
          `${code}${body}`,
          `011${code}${body}`,
        ]) {
          for (const reader of [home, 'FR', 'US', 'IT', 'RU', 'AR', 'DE', 'SG', null] as const)
            agrees(spelling, reader)
        }
      }
    }
  })

  test('on random digits behind random prefixes', () => {
    fc.assert(
      fc.property(prefixes, digits(1, 17), country, (prefix, body, home) => agrees(prefix + body, home)),
      { numRuns: 10_000 },
    )
  })

  test('on real numbers damaged at the end, in the middle and in length', () => {
    const damaged = fc.record({
      real: fc.constantFrom(...samples),
      kept: fc.integer({ min: 1, max: 9 }),
      tail: digits(0, 9),
      international: fc.boolean(),
      prefix: prefixes,
      home: country,
    })
    fc.assert(
      fc.property(damaged, ({ real, kept, tail, international, prefix, home }) => {
        const { countryCallingCode, nationalNumber } = real.sample
        const body = nationalNumber.slice(0, kept) + tail
        agrees(prefix + (international ? countryCallingCode : '') + body, international ? home : real.country)
        agrees(`+${countryCallingCode}${prefix.replace('+', '')}${body}`, null)
      }),
      { numRuns: 10_000 },
    )
  })
})

test('the fast path answers the ordinary spellings of nearly every country itself', () => {
  const abstained = samples.filter(({ country: home, sample }) => {
    const national = sample.formatNational().replace(/\D/g, '')
    return [sample.number, national].some((spelling) => fastRead(spelling, home) !== sample.number.slice(1))
  })
  assert.ok(samples.length > 230)
  assert.ok(abstained.length <= 5, abstained.map(({ country: home }) => home).join(' '))
})

test('what the fast path answers stays what it is when read again', () => {
  fc.assert(
    fc.property(prefixes, digits(4, 15), country, (prefix, body, home) => {
      const first = fastRead(prefix + body, home)
      if (first !== null) assert.equal(fastRead(`+${first}`, null), first)
    }),
    { numRuns: 5_000 },
  )
})

test('a calling code is found by its own length, and 0 and unassigned codes have none', () => {
  assert.equal(callingCodeLength('15161234567'), 1)
  assert.equal(callingCodeLength('33628773862'), 2)
  assert.equal(callingCodeLength('3545812345'), 3)
  assert.equal(callingCodeLength('80012345678'), 3)
  assert.equal(callingCodeLength('0628773862'), 0)
  assert.equal(callingCodeLength('9991234567'), 0)
  assert.equal(callingCodeLength(''), 0)
})

test('only upper-case codes with a numbering plan are countries', () => {
  for (const code of ['FR', 'RO', 'CI', 'XK']) assert.equal(isCountry(code), true, code)
  for (const code of ['fr', 'XX', '', 'FRA', '001', 'UK', 'constructor', '__proto__'])
    assert.equal(isCountry(code), false, code)
  assert.equal(fastRead('0628773862', 'XX'), null)
})

test('countries that write nothing before a number are told from those that do', () => {
  for (const code of ['ES', 'IT', 'AD', 'DK']) assert.equal(writesNoTrunkPrefix(code), true, code)
  for (const code of ['FR', 'RU', 'US', 'HU', 'XX']) assert.equal(writesNoTrunkPrefix(code), false, code)
})
