import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newHub } from '../../test/hub.ts'

const BOOK = 'customer_account,customer_name,customer_phone\nCL000101,Dupont,0199001234\n'
const DEEP = 200_000
const lists = (inner: string) => '['.repeat(DEEP) + inner + ']'.repeat(DEEP)

test('a parameter in lists in lists is the first there is, and what is no text is nobody', async (t) => {
  const { ask, importBook } = await newHub(t, 'sqlite')
  await importBook(BOOK)
  const post = (path: string, body: string) => ask('POST', path, { body, type: 'application/json' })
  for (const [path, name, known, unknown] of [
    ['/api/isKnownPhoneNumber?format=bool', 'number', /^true$/, /^false$/],
    ['/3cx/query', 'cid', /true/, /false/],
    ['/api/caller-data', 'telephone', /Dupont/, /"name":null/],
    ['/3cx/crm/lookup', 'number', /Dupont/, /"contacts":\[\]/],
  ] as const) {
    const answers = [
      [lists('"0199001234"'), known],
      [lists(''), unknown],
      ['{"toString":1,"valueOf":1}', unknown],
    ] as const
    for (const [value, wanted] of answers) {
      const { status, text } = await post(path, `{"${name}":${value}}`)
      assert.equal(status, 200, `${path} ${text}`)
      assert.match(text, wanted, path)
    }
  }
  for (const value of [lists('"Ann"'), '[{"toString":1,"valueOf":1},"Ann"]']) {
    const event = `{"event":"newCall","direction":"in","callId":"${value.length}","user":${value}}`
    assert.equal((await post('/pbx/zammad', event)).status, 200)
  }
  const { json } = await ask('GET', '/api/v1/pbx-events?sort=-id')
  assert.deepEqual(
    json.data.map(({ agent }: { agent: string }) => agent),
    [', Ann', 'Ann'],
  )
})
