import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type } from 'typebox'
import { inOurSpelling } from './spellings.ts'

const schema = Type.Object({
  name: Type.String(),
  customer_account: Type.String(),
  on_call_duty: Type.Boolean(),
})

test('camelCase twins of the schema’s fields are taken for them', () => {
  const body = { name: 'Acme', customerAccount: 'CL1', onCallDuty: true }
  assert.deepEqual(inOurSpelling(schema, body), { name: 'Acme', customer_account: 'CL1', on_call_duty: true })
})

test('our own spelling wins over its twin', () => {
  assert.deepEqual(inOurSpelling(schema, { customer_account: null, customerAccount: 'CL1' }), {
    customer_account: null,
  })
})

test('fields that are not the schema’s stay as they are, whatever their case', () => {
  assert.deepEqual(inOurSpelling(schema, { brandId: 1, brand_id: 2 }), { brandId: 1, brand_id: 2 })
})

test('what is no object is left to the validation', () => {
  for (const body of [null, undefined, 'text', 3, [{ customerAccount: 'CL1' }]]) {
    assert.deepEqual(inOurSpelling(schema, body), body)
  }
})
