import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashRecoveryCode, newRecoveryCodes, totpStep } from './authenticator.ts'

// The test vector of RFC 6238 for SHA-1, cut to six digits.
const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'

test('a code is that of its half minute, and of the ones beside it', () => {
  const at = 59_000
  assert.equal(totpStep(SECRET, '287082', at), 1)
  assert.equal(totpStep(SECRET, '287 082', at + 30_000), 1, 'half a minute late')
  assert.equal(totpStep(SECRET, '287082', 1_000), 1, 'half a minute early')
  assert.equal(totpStep(SECRET, '287082', at + 61_000), null)
  for (const wrong of ['', '28708', '2870822', 'abcdef', '287083'])
    assert.equal(totpStep(SECRET, wrong, at), null)
})

test('recovery codes are many, different, and read however they are typed', () => {
  const codes = newRecoveryCodes()
  assert.equal(new Set(codes).size, 10)
  for (const code of codes) {
    assert.match(code, /^(?:[a-hj-km-np-z2-9]{4}-){3}[a-hj-km-np-z2-9]{4}$/)
    assert.equal(hashRecoveryCode(` ${code.toUpperCase().replaceAll('-', ' ')}`), hashRecoveryCode(code))
  }
})
