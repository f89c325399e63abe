import assert from 'node:assert/strict'
import { test } from 'node:test'
import { callerNumber, numberKey } from './caller-number.ts'
import { canonicalStatus } from './statuses.ts'

test('a number is compared by what it is, never with a number of another kind', () => {
  const keys = [
    numberKey({ kind: 'external', e164: '+33628773862', digits: 33_628_773_862, extension: '4' }),
    numberKey({ kind: 'national', digits: '33628773862', extension: null }),
    numberKey({ kind: 'short', text: '33628773862' }),
    numberKey({ kind: 'withheld' }),
  ]
  assert.deepEqual(keys, ['+33628773862', 'national 33628773862', 'text 33628773862', null])
})

test('whatever is sent can be kept', () => {
  const raw = `\u0000\ud800${'x'.repeat(198)}😀`
  const kept = callerNumber(raw, { kind: 'unreadable', text: raw })
  assert.ok(kept.number_raw.length <= 200 && kept.number_raw.isWellFormed())
  assert.ok(!kept.number_raw.includes('\u0000') && !kept.number_key?.includes('\u0000'))
})

test('a status is known in every spelling, and no other word is one', () => {
  for (const [text, code] of [
    ['No Answer', 'no_answer'],
    ['NO-ANSWER', 'no_answer'],
    ['Schedule Later', 'schedule_later'],
    ['Scheduled  later', 'schedule_later'],
    ['Do not Disturb', 'do_not_disturb'],
    ['do_not_disturb', 'do_not_disturb'],
    ['DND', 'do_not_disturb'],
    ['Ｃｏｍｐｌｅｔｅｄ', 'completed'],
    ['answer', null],
    ['', null],
    ['constructor', null],
  ] as const)
    assert.equal(canonicalStatus(text), code, text)
})
