import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openScrub, tracesOf } from './number-traces.ts'
import { readNumber } from './phone-number.ts'

function scrubber(number: string, country: string | null) {
  const traces = tracesOf(readNumber(number, country))
  assert.ok(traces)
  return openScrub([traces])
}

test('a number is found in every spelling, and nothing else goes with it', () => {
  const scrub = scrubber('+33628773862', 'FR')
  for (const text of [
    '0628773862',
    '+33 6 28 77 38 62',
    '0033628773862',
    '+33 (0)6.28.77.38.62',
    '06\u00a028\u00a077\u00a038\u00a062',
    '628773862',
  ])
    assert.equal(scrub(text), '[erased]', text)
  assert.equal(scrub('0199001234 / 06 28 77 38 62; 201'), '0199001234 / [erased]; 201')
  for (const text of ['0628773863', '10628773862', '06287738620', 'CL0001', '', '+49628773862'])
    assert.equal(scrub(text), null, text)
})

test('an Italian zero, a number without a country, and text that is none', () => {
  assert.equal(scrubber('+390669812345', 'IT')('06 698 12345'), '[erased]')
  assert.equal(scrubber('0199001234', null)('+33 1 99 00 12 34'), '[erased]')
  assert.equal(scrubber('ask Anna (desk)', 'FR')('please ask Anna (desk)!'), 'please [erased]!')
})

test('an extension and a withheld number name nobody', () => {
  assert.equal(tracesOf(readNumber('101', 'FR')), null)
  assert.equal(tracesOf(readNumber('anonymous', 'FR')), null)
})
