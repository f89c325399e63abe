import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Disposition } from '../../../contract/dispositions.ts'
import { ApiError } from './client.ts'
import { newSent, saveOnce, type DispositionDoor, type Outcome, type Sent } from './dispositions.ts'

const NO_ANSWER: Outcome = { status: 'no_answer', comment: null, due_at: null }
const COMPLETED: Outcome = { status: 'completed', comment: 'All is well', due_at: null }

/** A hub that keeps a record for each key, and may lose its answer on the way. */
function newDoor({ loses = 0, refuses = 0 } = {}) {
  const records = new Map<string, { id: number; first: Outcome; now: Outcome }>()
  const told: string[] = []
  const answer = (id: number, { status }: Outcome) => ({ id, status }) as Disposition
  const door: DispositionDoor = {
    async create(outcome, key) {
      if (refuses-- > 0) throw new ApiError(422, { code: 'validation_failed', message: 'no' })
      const record = records.get(key) ?? { id: records.size + 1, first: outcome, now: outcome }
      assert.deepEqual(record.first, outcome, 'the hub refuses a key with another content')
      records.set(key, record)
      told.push('create')
      if (loses-- > 0) throw new ApiError(0, { code: 'unreachable', message: 'lost' })
      return answer(record.id, outcome)
    },
    async correct(id, outcome, etag) {
      const record = [...records.values()].find((one) => one.id === id)
      if (!record) throw new Error(`there is no record ${id}`)
      record.now = outcome
      told.push(`correct ${etag ?? 'any'}`)
      return { data: answer(id, outcome), etag: '"2"' }
    },
  }
  return { door, records, told }
}

test('a lost answer and another press make one record, with what was typed last', async () => {
  const { door, records, told } = newDoor({ loses: 1 })
  let sent: Sent = newSent()
  const keep = (now: Sent) => (sent = now)
  await assert.rejects(saveOnce(door, sent, NO_ANSWER, keep), ApiError)
  const { id } = await saveOnce(door, sent, COMPLETED, keep)
  assert.equal(id, 1)
  assert.deepEqual([...records.values()], [{ id: 1, first: NO_ANSWER, now: COMPLETED }])
  assert.deepEqual(told, ['create', 'create', 'correct any'])
})

test('after it is saved every further save corrects it, each on the state before', async () => {
  const { door, records, told } = newDoor()
  let sent: Sent = newSent()
  const keep = (now: Sent) => (sent = now)
  await saveOnce(door, sent, NO_ANSWER, keep)
  await saveOnce(door, sent, COMPLETED, keep)
  await saveOnce(door, sent, NO_ANSWER, keep)
  assert.equal(records.size, 1)
  assert.deepEqual(told, ['create', 'correct any', 'correct "2"'])
})

test('what the hub refused is tried anew, not repeated', async () => {
  const { door, records } = newDoor({ refuses: 1 })
  let sent: Sent = newSent()
  const keep = (now: Sent) => (sent = now)
  await assert.rejects(saveOnce(door, sent, NO_ANSWER, keep), ApiError)
  await saveOnce(door, sent, COMPLETED, keep)
  assert.deepEqual([...records.values()], [{ id: 1, first: COMPLETED, now: COMPLETED }])
})
