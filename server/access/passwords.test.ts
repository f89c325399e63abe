import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openPasswords } from './passwords.ts'

const CHEAP = { memory: 64, passes: 1, parallelism: 1 }

test('a password is kept as argon2id with its parameters, and recognised however its letters are composed', async () => {
  const passwords = openPasswords()
  const stored = await passwords.hash('caf\u00e9 au lait')
  assert.match(stored, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/)
  assert.notEqual(await passwords.hash('caf\u00e9 au lait'), stored, 'salted')
  assert.deepEqual(await passwords.check('cafe\u0301 au lait', stored), { isRight: true, isWeak: false })
  assert.deepEqual(await passwords.check('cafe au lait', stored), { isRight: false, isWeak: false })
})

test('one that was hashed with less is told to be hashed anew', async () => {
  const stored = await openPasswords(CHEAP).hash('correct horse')
  const checked = await openPasswords({ ...CHEAP, passes: 2 }).check('correct horse', stored)
  assert.deepEqual(checked, { isRight: true, isWeak: true })
})

test('without a stored password the work is done all the same, and the answer is no', async () => {
  const cost = { memory: 65_536, passes: 6, parallelism: 1 }
  const passwords = openPasswords(cost)
  const before = process.cpuUsage()
  assert.deepEqual(await passwords.check('correct horse', null), { isRight: false, isWeak: false })
  const nobody = process.cpuUsage(before)
  const cheap = process.cpuUsage()
  await openPasswords(CHEAP).check('correct horse', null)
  const least = process.cpuUsage(cheap)
  assert.ok(nobody.user + nobody.system > 5 * (least.user + least.system), 'as much as a real one costs')
})

test('however many sign in, the event loop goes on, and more than many are sent away', async () => {
  const passwords = openPasswords({ memory: 8_192, passes: 1, parallelism: 1 })
  let turns = 0
  const turning = setInterval(() => turns++, 1)
  const all = await Promise.allSettled(Array.from({ length: 80 }, () => passwords.hash('correct horse')))
  clearInterval(turning)
  const refused = all.filter((one) => one.status === 'rejected')
  assert.equal(refused.length, 80 - 2 - 64)
  for (const { reason } of refused) assert.equal(reason.code, 'too_many_failures')
  assert.ok(turns > 5, `${turns} turns`)
})
