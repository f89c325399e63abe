import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newHub, type Json } from '../../../test/hub.ts'
import { onEachStore } from '../../../test/stores.ts'

const COUNTRIES = '/api/v1/helpers/3cxCountries'
const OPEN = '/api/v1/helpers/3cxOpenDestinations'
const byCode = (list: Json[]) => new Map(list.map((one) => [one.code, one]))

onEachStore('helpers', (engine) => {
  test('3cxCountries is a public bare array of every country, with calling codes and exit code', async (t) => {
    const { ask } = await newHub(t, engine)
    const { status, json, headers } = await ask('GET', COUNTRIES, { token: null })
    assert.equal(status, 200)
    assert.ok(json.length > 240)
    for (const one of json) {
      assert.deepEqual(Object.keys(one), ['code', 'name', 'calling_codes', 'exit_code'])
      assert.match(one.code, /^[A-Z]{2}$/)
      assert.ok(
        one.calling_codes.length > 0 && one.calling_codes.every((code: string) => /^\d+$/.test(code)),
        one.code,
      )
      assert.ok(one.exit_code === null || /^[\d~]+$/.test(one.exit_code), `${one.code} ${one.exit_code}`)
    }
    const found = byCode(json)
    assert.deepEqual(found.get('FR'), { code: 'FR', name: 'France', calling_codes: ['33'], exit_code: '00' })
    assert.deepEqual(found.get('US'), {
      code: 'US',
      name: 'United States',
      calling_codes: ['1'],
      exit_code: '011',
    })
    assert.deepEqual(found.get('DO')?.calling_codes, ['1809', '1829', '1849'])
    assert.deepEqual(
      ['AU', 'JP', 'RU', 'FI', 'SG', 'BR'].map((code) => found.get(code)?.exit_code),
      ['0011', '010', '8~10', '00', '001', null],
    )
    assert.match(headers.get('cache-control') ?? '', /public, max-age=\d+/)
    const again = await ask('GET', COUNTRIES, {
      token: null,
      headers: { 'if-none-match': headers.get('etag') ?? '' },
    })
    assert.deepEqual([again.status, again.text], [304, ''])
  })

  test("3cxOpenDestinations is public: the operator's own country until a list is set, a tenant's with its token", async (t) => {
    const { ask } = await newHub(t, engine)
    const open = async (token: string | null = null) =>
      (await ask('GET', `${OPEN}?open=1`, { token })).json.map((one: Json) => one.code)
    const whole = await ask('GET', OPEN, { token: null })
    assert.deepEqual(
      [whole.status, Object.keys(whole.json[0])],
      [200, ['code', 'name', 'calling_code', 'open']],
    )
    assert.deepEqual(byCode(whole.json).get('FR'), {
      code: 'FR',
      name: 'France',
      calling_code: '33',
      open: true,
    })
    assert.deepEqual(await open(), ['FR'])
    const { id } = (await ask('POST', '/api/v1/tenants', { body: { name: 'Two', country: 'BE' } })).json
    const made = await ask('POST', '/api/v1/tokens', {
      body: { name: 'two', scopes: ['fleet:write'] },
      headers: { 'cordboard-tenant': String(id) },
    })
    const token = made.json.token as string
    const set = await ask('POST', '/api/v1/open-destinations', {
      token,
      body: { countries: ['nl', 'DE', 'NL'] },
    })
    assert.deepEqual([set.status, set.json], [200, { countries: ['DE', 'NL'], open: ['DE', 'NL'] }])
    assert.deepEqual([await open(token), await open()], [['DE', 'NL'], ['FR']])
    const etag = whole.headers.get('etag') ?? ''
    assert.equal((await ask('GET', OPEN, { token: null, headers: { 'if-none-match': etag } })).status, 304)
    await ask('POST', '/api/v1/open-destinations', { body: { countries: [] } })
    assert.deepEqual(await open(), [])
    assert.equal((await ask('GET', OPEN, { token: null, headers: { 'if-none-match': etag } })).status, 200)
    await ask('POST', '/api/v1/open-destinations', { body: { countries: null } })
    assert.deepEqual((await ask('GET', '/api/v1/open-destinations')).json, { countries: null, open: ['FR'] })
    assert.equal(
      (await ask('POST', '/api/v1/open-destinations', { body: { countries: ['XX'] } })).status,
      422,
    )
  })
})
