import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { ADMIN_TOKEN, newHub, type Json } from '../../../../test/hub.ts'
import { post } from '../../../../test/pbx-fleet.ts'
import { onEachStore } from '../../../../test/stores.ts'

type Pair = {
  name: string
  post: string
  contentType: string
  send: string
  status: number
  type: string
  raw?: string
  code?: string
}

const PAIRS = JSON.parse(await readFile(new URL('./golden/pairs.json', import.meta.url), 'utf8')) as Pair[]
const BOOK = `customer_account,customer_name,customer_phone,contact_id,first_name,last_name,contact_phones
CL1,Dupont,01 99 00 12 34,P1,Jeanne,Dupont,06 39 98 00 01
CL1,Dupont,01 99 00 12 34,P2,Paul,Dupont,06 39 98 00 02
DE1,Weiß,+49 30 23125741,,,,
`
const withToken = (text: string) => text.replaceAll('TOKEN', ADMIN_TOKEN)

onEachStore('the Zammad dialect', (engine) => {
  test('every golden request gets its golden answer, twice, and each event is kept once', async (t) => {
    const { ask, importBook } = await newHub(t, engine)
    await importBook(BOOK)
    const rules = [{ name: 'unknown', when: { known: false }, destination: { type: 'hang_up', value: '' } }]
    await post(ask, 'profiles', { name: 'Paris', dnids: ['0199001000'], rules })
    for (let round = 0; round < 2; round++)
      for (const pair of PAIRS) {
        const { contentType: type } = pair
        const answer = await ask('POST', withToken(pair.post), {
          token: null,
          body: withToken(pair.send),
          type,
        })
        assert.equal(answer.status, pair.status, `${pair.name}: ${answer.text}`)
        assert.equal(answer.headers.get('content-type'), pair.type, pair.name)
        if (pair.raw !== undefined) assert.equal(answer.text, pair.raw, pair.name)
        if (pair.code !== undefined) {
          assert.equal(answer.json.code, pair.code, pair.name)
          assert.equal(typeof answer.json.error, 'string', pair.name)
        }
      }
    const { json } = await ask('GET', '/api/v1/pbx-events?sort=id')
    const told = json.data.map((one: Json) => [one.event, one.call, one.e164, one.contact_id, one.agent])
    assert.deepEqual(told, [
      ['newCall', 'c1', '+33639980002', 4, 'Emma Taylor'],
      ['answer', 'c1', '+33639980002', 4, '42'],
      ['hangup', 'c1', '+33639980002', 4, 'emma@example.com'],
      ['newCall', 'c2', null, null, 'Ann, Bob'],
      ['newCall', 'c3', '+33639980001', 3, 'Ann, Bob'],
      ['newCall', 'c4', '+33100000000', null, 'Emma Taylor'],
      ['newCall', 'c5', '+33100000000', null, 'Emma Taylor'],
      ['newCall', 'c6', '+33639980002', 4, 'Emma Taylor'],
    ])
    assert.equal('token' in json.data.at(-1).payload, false)
    assert.deepEqual([json.data[2].payload.cause, json.data[2].queue], ['normalClearing', 'helpdesk'])
  })

  test('a number with its country and no plus is read whatever the tenant’s country', async (t) => {
    const { ask, importBook, newToken } = await newHub(t, engine)
    await importBook(BOOK)
    const pbx = await newToken(['journal:write'])
    for (const [i, from] of ['493023125741', '+493023125741', '00493023125741', '33199001234'].entries()) {
      const body = { event: 'newCall', from, to: '700', direction: 'in', callId: `d${i}` }
      assert.equal((await ask('POST', '/pbx/zammad', { body, token: pbx })).status, 200)
    }
    const { json } = await ask('GET', '/api/v1/pbx-events?sort=id')
    assert.deepEqual(
      json.data.map((one: Json) => [one.e164, one.customer_id, one.dnid]),
      [
        ['+493023125741', 2, '700'],
        ['+493023125741', 2, '700'],
        ['+493023125741', 2, '700'],
        ['+33199001234', 1, '700'],
      ],
    )
    const reader = await newToken(['identify'])
    const refused = await ask('POST', '/pbx/zammad', { body: { event: 'newCall' }, token: reader })
    assert.deepEqual([refused.status, refused.json.code], [403, 'scope_missing'])
  })
})
