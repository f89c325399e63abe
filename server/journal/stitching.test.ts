import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { stitch, type RecordToStitch } from './stitching.ts'

const AT = Date.parse('2026-05-01T10:00:00Z')

function record(id: number, more: Partial<RecordToStitch>): RecordToStitch {
  return {
    id,
    source: 'xapi',
    direction: 'inbound',
    started_at: AT,
    answered_at: null,
    ended_at: AT + 10_000,
    ring_ms: null,
    wait_ms: null,
    talk_ms: null,
    status: 'missed',
    caller_number: '0628773862',
    caller_name: null,
    called_number: '0199000000',
    queue: null,
    agent_extension: null,
    agent_name: null,
    caller_key: '+33628773862',
    called_key: '+33199000000',
    ...more,
  }
}

/** A queue that waits, an agent who does not answer, one who does and transfers, and one more. */
const JOURNEY = [
  record(1, {
    queue: '800',
    ended_at: AT + 30_000,
    wait_ms: 20_000,
    ring_ms: 10_000,
    agent_extension: '100',
  }),
  record(2, {
    started_at: AT + 30_000,
    answered_at: AT + 35_000,
    ended_at: AT + 65_000,
    status: 'answered',
    agent_extension: '101',
    agent_name: 'Bob',
  }),
  record(3, {
    started_at: AT + 65_000,
    answered_at: AT + 70_000,
    ended_at: AT + 100_000,
    status: 'answered',
    agent_extension: '102',
    caller_name: 'Ann',
    wait_ms: 2_000,
    ring_ms: 3_000,
  }),
]

test('the first who answers is the agent; waiting and talking add up; the legs are in order with their steps', () => {
  const { legs, ...call } = stitch(JOURNEY, null)
  assert.deepEqual(call, {
    direction: 'inbound',
    started_at: AT,
    answered_at: AT + 35_000,
    ended_at: AT + 100_000,
    ring_ms: 5_000,
    wait_ms: 22_000,
    talk_ms: 60_000,
    status: 'answered',
    caller_number: '0628773862',
    caller_name: 'Ann',
    called_number: '0199000000',
    caller_key: '+33628773862',
    called_key: '+33199000000',
    queue: '800',
    agent_extension: '101',
    agent_name: 'Bob',
    source: 'xapi',
    records: 3,
    provisional: false,
  })
  assert.deepEqual(
    legs.map(({ record_id, steps }) => [
      record_id,
      steps.map(({ kind, from, to }) => [kind, from - AT, to - AT]),
    ]),
    [
      [
        1,
        [
          ['wait', 0, 20_000],
          ['ring', 20_000, 30_000],
        ],
      ],
      [
        2,
        [
          ['ring', 30_000, 35_000],
          ['talk', 35_000, 65_000],
        ],
      ],
      [
        3,
        [
          ['wait', 65_000, 67_000],
          ['ring', 67_000, 70_000],
          ['talk', 70_000, 100_000],
        ],
      ],
    ],
  )
})

test('nobody answered: the outcome that says most counts, and whom it rang at last is the agent', () => {
  const missed = stitch(
    [record(1, { status: 'abandoned' }), record(2, { status: 'missed', agent_extension: '101' })],
    null,
  )
  assert.deepEqual([missed.status, missed.agent_extension, missed.answered_at], ['abandoned', '101', null])
  assert.equal(stitch([record(1, {}), record(2, { status: 'voicemail' })], null).status, 'voicemail')
})

test('a call is provisional until all of it has ended, and until the source with the last word has told of it', () => {
  assert.equal(stitch([record(1, {}), record(2, { ended_at: null })], null).provisional, true)
  assert.equal(stitch([record(1, {})], 'xapi').provisional, false)
  const manual = record(2, { source: 'manual' })
  assert.equal(stitch([manual], 'xapi').provisional, true)
  const both = stitch([manual, record(1, {})], 'xapi')
  assert.deepEqual([both.provisional, both.source], [false, 'xapi'])
})

test('in whatever order and however often records come, they are the same call', () => {
  const whole = stitch(JOURNEY, 'xapi')
  const arrivals = fc.array(fc.constantFrom(...JOURNEY), { maxLength: 6 })
  fc.assert(
    fc.property(arrivals, fc.shuffledSubarray(JOURNEY, { minLength: 3 }), (some, all) => {
      assert.deepEqual(stitch([...some, ...all], 'xapi'), whole)
    }),
  )
})
