import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { newHub } from '../../../../test/hub.ts'
import { onEachStore } from '../../../../test/stores.ts'

type Pair = {
  name: string
  get?: string
  post?: string
  contentType?: string
  send?: string
  status: number
  type: string
  body?: unknown
  raw?: string
  code?: string
}

const golden = (name: string) => readFile(new URL(`./golden/${name}`, import.meta.url), 'utf8')
const BOOK = await golden('book.csv')
const PAIRS = JSON.parse(await golden('pairs.json')) as Pair[]
const may = { now: () => Date.parse('2026-05-01T12:00:00Z') }

onEachStore('the six identification questions', (engine) => {
  test('every golden request gets its golden answer', async (t) => {
    const { ask, importBook } = await newHub(t, engine, { clock: may })
    assert.equal((await importBook(BOOK)).rejected, 0)
    for (const pair of PAIRS) {
      const answer = pair.get
        ? await ask('GET', pair.get)
        : await ask('POST', pair.post!, { body: pair.send, type: pair.contentType! })
      assert.equal(answer.status, pair.status, `${pair.name}: ${answer.text}`)
      assert.equal(answer.headers.get('content-type'), pair.type, pair.name)
      if (pair.raw !== undefined) assert.equal(answer.text, pair.raw, pair.name)
      if (pair.body !== undefined) assert.equal(answer.text, JSON.stringify(pair.body), pair.name)
      if (pair.code !== undefined) assert.equal(answer.json.code, pair.code, pair.name)
      if (pair.status === 200) assert.equal(answer.headers.get('cache-control'), 'no-store', pair.name)
    }
  })

  test('the fast lane and the router give the same answers, byte for byte', async (t) => {
    const { ask, importBook } = await newHub(t, engine, { clock: may })
    await importBook(BOOK)
    const shown = ['content-type', 'cache-control', 'content-length']
    for (const { name, get } of PAIRS) {
      if (!get) continue
      const quick = await ask('GET', get)
      // Naming the tenant, even one's own, is the router's business.
      const routed = await ask('GET', get, { headers: { 'cordboard-tenant': '1' } })
      const answers = [quick, routed].map(({ status, text, headers }) => ({
        status,
        text: text.replace(/"request_id":"[^"]*"/, ''),
        headers: status < 400 || status === 404 ? shown.map((header) => headers.get(header)) : [],
      }))
      assert.deepEqual(answers[0], answers[1], name)
    }
  })

  test('full=1 adds the phone, the category, the contracts, the hints and the candidates', async (t) => {
    const { ask, importBook } = await newHub(t, engine, { clock: may })
    await importBook(BOOK)
    const { json: one } = await ask('GET', '/api/isKnownPhoneNumber?number=0639980002&full=1')
    assert.deepEqual(Object.keys(one), [
      'result',
      'known',
      'customer',
      'contact',
      'phone',
      'category',
      'contracts',
      'hints',
      'candidates',
    ])
    assert.equal(one.category.vip, true)
    assert.deepEqual(
      one.contracts.map((contract: { kind: string }) => contract.kind),
      ['on_call_duty'],
    )
    assert.deepEqual(one.hints, {
      direct_line: 'SIP/paul',
      queue_position: 80,
      route_identifier: 'fr-vip',
      backend_link: null,
      outbound_number: null,
      language: null,
    })
    const { json: two } = await ask('GET', '/api/isKnownPhoneNumber?number=0639980003&full=1')
    assert.deepEqual(
      two.candidates.map((one: { customer: { name: string } }) => one.customer.name).toSorted(),
      ['Garage Martin', 'Studio Bleu'],
    )
  })

  test('a change through the API is what the next lookup answers', async (t) => {
    const { ask, importBook } = await newHub(t, engine, { clock: may })
    await importBook(BOOK)
    const value = async (route: string, query: string) =>
      (await ask('GET', `/api/${route}?${query}&format=raw`)).text
    assert.equal(await value('isKnownPhoneNumber', 'number=0199007777'), '0')
    await ask('PATCH', '/api/v1/customers/1', { body: { phone: '01 99 00 77 77' } })
    assert.equal(await value('isKnownPhoneNumber', 'number=0199007777'), '1')
    assert.equal(await value('isKnownPhoneNumber', 'number=0199001234'), '0')

    await ask('PATCH', '/api/v1/customers/1', { body: { vip: false } })
    assert.equal(await value('isVipByPhoneNumber', 'number=0199007777'), '0')
    const { json: gold } = await ask('POST', '/api/v1/categories', { body: { name: 'Gold', vip: true } })
    await ask('PATCH', '/api/v1/customers/1', { body: { category_id: gold.id } })
    assert.equal(await value('isVipByPhoneNumber', 'number=0199007777'), '1')
    await ask('PATCH', `/api/v1/categories/${gold.id}`, { body: { vip: false } })
    assert.equal(await value('isVipByPhoneNumber', 'number=0199007777'), '0')

    const { json: contracts } = await ask('GET', '/api/v1/contracts?filter[customer_id]=1')
    await ask('PATCH', `/api/v1/contracts/${contracts.data[0].id}`, { body: { suspended: true } })
    assert.equal(await value('hasOnCallDutyContractByPhoneNumber', 'number=0199007777'), '0')

    const { json: contacts } = await ask('GET', '/api/v1/contacts?filter[external_id]=P2')
    await ask('PATCH', `/api/v1/contacts/${contacts.data[0].id}`, { body: { active: false } })
    assert.equal(await value('isKnownPhoneNumber', 'number=0639980002'), '0')

    await ask('DELETE', '/api/v1/customers/1')
    for (const number of ['0199007777', '0639980001'])
      assert.equal(await value('isKnownPhoneNumber', `number=${number}`), '0')
    assert.equal(await value('isKnownCustomerAccount', 'account=101'), '0')
  })

  test('on-call flips at local midnight without a write, also where that midnight does not exist', async (t) => {
    let now = 0
    const { ask, importBook } = await newHub(t, engine, { clock: { now: () => now } })
    const crossings = [
      {
        zone: 'Europe/Paris',
        lastDay: '2026-06-30',
        before: '2026-06-30T21:59:59.999Z',
        after: '2026-06-30T22:00:00Z',
      },
      {
        zone: 'Asia/Kolkata',
        lastDay: '2026-06-30',
        before: '2026-06-30T18:29:59.999Z',
        after: '2026-06-30T18:30:00Z',
      },
      {
        zone: 'Asia/Beirut',
        lastDay: '2026-03-28',
        before: '2026-03-28T21:59:59.999Z',
        after: '2026-03-28T22:00:00Z',
      },
      {
        zone: 'America/Havana',
        lastDay: '2026-03-07',
        before: '2026-03-08T04:59:59.999Z',
        after: '2026-03-08T05:00:00Z',
      },
    ]
    now = Date.parse('2026-01-01T00:00:00Z')
    for (const { zone, lastDay, before, after } of crossings) {
      assert.equal((await ask('PATCH', '/api/v1/tenants/1', { body: { time_zone: zone } })).status, 200)
      const imported = await importBook(
        `customer_account,customer_name,on_call_duty,on_call_from,on_call_to\nCL7,Seven,1,2026-02-01,${lastDay}\n`,
      )
      assert.equal(imported.accepted, 1)
      const isOnCall = async (instant: string) => {
        now = Date.parse(instant)
        return (await ask('GET', '/api/hasOnCallDutyContractByCustomerAccount?code=7&format=raw')).text
      }
      assert.equal(await isOnCall(before), '1', `${zone}: the last day counts to its end`)
      assert.equal(await isOnCall(after), '0', `${zone}: the day after does not`)
      assert.equal(await isOnCall('2026-01-31T12:00:00Z'), '0', `${zone}: before the first day`)
    }
  })
})
