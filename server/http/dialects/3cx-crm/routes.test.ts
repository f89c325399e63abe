import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { ADMIN_TOKEN, newHub, type Json } from '../../../../test/hub.ts'
import { post } from '../../../../test/pbx-fleet.ts'
import { onEachStore } from '../../../../test/stores.ts'

type Pair = {
  name: string
  get?: string
  post?: string
  contentType?: string
  send?: string
  status: number
  type: string
  raw?: string
  code?: string
}

const golden = (name: string) => readFile(new URL(`./golden/${name}`, import.meta.url), 'utf8')
const BOOK = await golden('book.csv')
const PAIRS = JSON.parse(await golden('pairs.json')) as Pair[]
const withToken = (text: string) => text.replaceAll('TOKEN', ADMIN_TOKEN)
const options = {
  env: { CORDBOARD_PUBLIC_URL: 'https://hub.example' },
  clock: { now: () => Date.parse('2026-05-01T12:00:00Z') },
}
const names = (json: Json) => json.contacts.map((one: Json) => `${one.first_name}|${one.last_name}|${one.id}`)

onEachStore('the 3CX CRM dialect', (engine) => {
  test('every golden request gets its golden answer, in the fast lane and through the router', async (t) => {
    const { ask, importBook } = await newHub(t, engine, options)
    assert.equal((await importBook(BOOK)).rejected, 0)
    // Naming the tenant, even one's own, is the router's business.
    for (const headers of [{}, { 'cordboard-tenant': '1' }] as Record<string, string>[]) {
      for (const pair of PAIRS) {
        const answer =
          pair.get === undefined
            ? await ask('POST', pair.post!, {
                token: null,
                body: withToken(pair.send!),
                type: pair.contentType!,
                headers,
              })
            : await ask('GET', withToken(pair.get), { token: null, headers })
        assert.equal(answer.status, pair.status, `${pair.name}: ${answer.text}`)
        assert.equal(answer.headers.get('content-type'), pair.type, pair.name)
        if (pair.raw !== undefined) assert.equal(answer.text, pair.raw, pair.name)
        if (pair.code !== undefined) assert.equal(answer.json.code, pair.code, pair.name)
        if (pair.status === 200) assert.equal(answer.headers.get('cache-control'), 'no-store', pair.name)
      }
    }
  })

  test('a contact typed in at the PBX is known to the next lookup, and typed in twice it is one', async (t) => {
    const { ask, importBook, newToken } = await newHub(t, engine, options)
    await importBook(BOOK)
    const body = {
      Number: '+33639981111',
      FirstName: 'Zoé',
      LastName: 'Neuve',
      Company: '[Company]',
      Email: 'z@neuve.example',
    }
    const reader = await newToken(['identify'])
    assert.equal((await ask('POST', '/3cx/crm/contacts', { body, token: reader })).status, 403)
    const made = await ask('POST', '/3cx/crm/contacts', { body })
    assert.equal(made.status, 200, made.text)
    const [{ id, first_name, last_name, email, phone }] = made.json.contacts
    assert.deepEqual([first_name, last_name, email, phone], ['Zoé', 'Neuve', 'z@neuve.example', body.Number])
    const found = await ask('GET', '/3cx/crm/lookup?number=%2B33639981111')
    assert.deepEqual(names(found.json), [`|Zoé Neuve|${id}`])
    assert.deepEqual(names((await ask('POST', '/3cx/crm/contacts', { body })).json), [`|Zoé Neuve|${id}`])
    // Somebody else may well share a number.
    const other = await ask('POST', '/3cx/crm/contacts', { body: { ...body, FirstName: 'Yan' } })
    assert.notEqual(other.json.contacts[0].id, id)
    const bare = await ask('POST', '/3cx/crm/contacts', { body: { Number: '+33639982222' } })
    assert.equal(bare.json.contacts[0].last_name, '+33639982222')
    const nobody = await ask('POST', '/3cx/crm/contacts', { body: { Number: '[Number]' } })
    assert.equal(nobody.status, 422, nobody.text)
  })

  test('a template needs the address of the hub, carries no secret, and is for a PBX of one’s own', async (t) => {
    const without = await newHub(t, engine)
    const refused = await without.ask('GET', '/3cx/crm-template.xml')
    assert.deepEqual([refused.status, refused.json.code], [409, 'public_url_required'])

    const { ask, newToken } = await newHub(t, engine, options)
    const host = await post(ask, 'pbx3cx-hosts', { host_name: 'a&b.example' })
    const other = await post(ask, 'pbx3cx-hosts', { host_name: 'other.example' })
    const get = (query: string, token = ADMIN_TOKEN) => ask('GET', `/3cx/crm-template.xml${query}`, { token })
    for (const named of [host.id, host.code]) {
      const { status, text, headers } = await get(`?host=${named}`)
      assert.equal(status, 200)
      assert.match(headers.get('content-type') ?? '', /^application\/xml/)
      assert.match(headers.get('content-disposition') ?? '', /attachment/)
      assert.match(text, /Country="Global" Name="Cordboard a&amp;b.example" Version="\d+"/)
      assert.match(text, new RegExp(`<Value Key="host" Passes="0" Type="String">${host.id}</Value>`))
      assert.match(text, /Name="HubUrl" [^>]*Default="https:\/\/hub.example"/)
      assert.match(text, /Name="ApiKey" Type="Password" [^>]*Default=""/)
      assert.doesNotMatch(text, /cb_|--|admin-token/)
    }
    assert.match((await get('?placeholder=1')).text, /Name="PlaceholderContacts" [^>]*Default="True"/)
    assert.doesNotMatch((await get('')).text, /Key="host"/)
    for (const strange of ['999', 'PBX-NONE', 'a%00b'])
      assert.equal((await get(`?host=${strange}`)).status, 404)
    const own = await newToken(['fleet:read'], { host_id: host.id })
    assert.match((await get('', own)).text, new RegExp(`Key="host" [^>]*>${host.id}<`))
    assert.equal((await get(`?host=${other.id}`, own)).status, 404)
    assert.equal((await get('', await newToken(['identify']))).status, 403)
  })
})
