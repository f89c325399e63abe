import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { XMLParser } from 'fast-xml-parser'
import { ADMIN_TOKEN, newHub, type Ask } from '../../../../test/hub.ts'
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
const env = { CORDBOARD_PUBLIC_URL: 'https://hub.example' }

const send = (ask: Ask, { get, post, send: body, contentType }: Pair, headers: Record<string, string> = {}) =>
  get === undefined
    ? ask('POST', post!, { token: null, body: withToken(body!), type: contentType!, headers })
    : ask('GET', withToken(get), { token: null, headers })

onEachStore('the caller data dialect', (engine) => {
  test('every golden request gets its golden answer, in the fast lane and through the router', async (t) => {
    const { ask, importBook } = await newHub(t, engine, { env })
    assert.equal((await importBook(BOOK)).rejected, 0)
    // Naming the tenant, even one's own, is the router's business.
    for (const headers of [{}, { 'cordboard-tenant': '1' }]) {
      for (const pair of PAIRS) {
        const answer = await send(ask, pair, headers as Record<string, string>)
        assert.equal(answer.status, pair.status, `${pair.name}: ${answer.text}`)
        assert.equal(answer.headers.get('content-type'), pair.type, pair.name)
        if (pair.raw !== undefined) assert.equal(answer.text, pair.raw, pair.name)
        if (pair.code !== undefined) assert.equal(answer.json.code, pair.code, pair.name)
        if (pair.status === 200) assert.equal(answer.headers.get('cache-control'), 'no-store', pair.name)
      }
    }
  })

  test('the profile of the called number says what the caller does not', async (t) => {
    const { ask, importBook } = await newHub(t, engine)
    await importBook(BOOK)
    const rule = (type: string, value: string, more = {}) => ({
      rules: [{ name: 'all', when: { known: true }, destination: { type, value }, ...more }],
    })
    for (const profile of [
      { name: 'sales', dnids: ['0199009001'], ...rule('queue', 'sales-queue', { queue_position: 40 }) },
      { name: 'abroad', dnids: ['0199009002'], ...rule('route_identifier', 'uk-out') },
      { name: 'closed', dnids: ['0199009003'], ...rule('voicemail', '99') },
    ])
      assert.equal((await ask('POST', '/api/v1/profiles', { body: profile })).status, 201)
    const of = async (telephone: string, dnid: string) => {
      const { json } = await ask('GET', `/api/caller-data?telephone=${telephone}&dnid=${dnid}`)
      return [json.queue_position, json.direct_line, json.route_identifier, json.backend_link]
    }
    for (const [telephone, dnid, expected] of [
      ['0639980001', '0199009001', [40, 'sales-queue', null, '']],
      ['0639980001', '%2B33199009002', [null, null, 'uk-out', '']],
      ['0639980001', '0199009003', [null, null, null, '']],
      ['0639980001', '0199009004', [null, null, null, '']],
      ['0639980002', '0199009001', [80, 'SIP/paul', 'fr-vip', '']],
      ['0100000000', '0199009001', [null, null, null, null]],
    ] as const)
      assert.deepEqual(await of(telephone, dnid), expected, `${telephone} ${dnid}`)
    const body = { backend_link: 'https://crm.example/1' }
    assert.equal((await ask('PATCH', '/api/v1/customers/1', { body })).status, 200)
    assert.equal((await of('0639980001', '0199009004'))[3], 'https://crm.example/1')
  })

  test('the foreign id is that of the party whose id is told, and follows its changes', async (t) => {
    const { ask, importBook } = await newHub(t, engine)
    await importBook(BOOK)
    const of = async (telephone: string) => {
      const { json } = await ask('GET', `/api/caller-data?telephone=${telephone}&extended=1`)
      return [json.id, json.external_id]
    }
    assert.deepEqual(await of('0639980001'), [4, 'P1'])
    assert.deepEqual(await of('0199001234'), [1, null])
    for (const [path, external_id] of [
      ['customers/1', 'C-1 é'],
      ['contacts/4', null],
    ] as const)
      assert.equal((await ask('PATCH', `/api/v1/${path}`, { body: { external_id } })).status, 200)
    assert.deepEqual(await of('0639980001'), [4, null])
    assert.deepEqual(await of('0199001234'), [1, 'C-1 é'])
  })

  test('which of our numbers to call from and what to speak: the party says, else its customer, else the profile', async (t) => {
    const { ask, importBook } = await newHub(t, engine)
    await importBook(BOOK)
    const of = async (telephone: string, dnid = '0199009001') => {
      const { json } = await ask('GET', `/api/caller-data?telephone=${telephone}&dnid=${dnid}&extended=1`)
      return [json.outbound_number, json.language]
    }
    assert.deepEqual(await of('0639980001'), [null, null])
    const profile = { name: 'Paris', dnids: ['0199009001'], outbound_number: '+33199009001' }
    const made = await ask('POST', '/api/v1/profiles', { body: profile })
    assert.deepEqual(
      [made.status, made.json.outbound_number, made.json.deadline_ms, made.json.sources],
      [201, '+33199009001', 300, [{ source: 'directory', mode: 'in_order' }]],
      made.text,
    )
    assert.deepEqual(await of('0639980001'), ['+33199009001', null])
    assert.deepEqual(await of('0639980001', '0199009002'), [null, null])
    assert.deepEqual(await of('0639980002'), ['+33199001000', 'fr-CA'])
    assert.deepEqual(await of('0100000000'), [null, null])
    const spoken = await ask('PATCH', '/api/v1/customers/1', {
      body: { language: 'PT-br', outbound_number: '+33199001001' },
    })
    assert.deepEqual([spoken.json.language, spoken.json.outbound_number], ['pt-BR', '+33199001001'])
    assert.deepEqual(await of('0639980001'), ['+33199001001', 'pt-BR'])
    assert.deepEqual(await of('0639980002'), ['+33199001000', 'fr-CA'])

    const refused = async (path: string, body: object) => {
      const { status, json } = await ask('PATCH', `/api/v1/${path}`, { body })
      return [status, ...Object.keys(json.errors ?? {})]
    }
    for (const path of ['customers/1', 'contacts/4']) {
      assert.deepEqual(await refused(path, { language: 'klingonese!' }), [422, 'language'])
      assert.deepEqual(await refused(path, { outbound_number: '0199001000' }), [422, 'outbound_number'])
    }
    const profiles = `profiles/${made.json.id}`
    assert.deepEqual(await refused(profiles, { outbound_number: '12' }), [422, 'outbound_number'])
    assert.deepEqual(await refused(profiles, { deadline_ms: 49 }), [422, 'deadline_ms'])
    assert.deepEqual(await refused(profiles, { deadline_ms: 1_001 }), [422, 'deadline_ms'])
    assert.deepEqual(await refused(profiles, { sources: [] }), [422, 'sources'])
    assert.deepEqual(await refused(profiles, { sources: ['directory', { source: 'directory' }] }), [
      422,
      'sources.1',
    ])
    const unknown = await ask('PATCH', `/api/v1/${profiles}`, { body: { sources: [{ source: 'hubspot' }] } })
    assert.deepEqual(
      [unknown.status, unknown.json.errors],
      [422, { 'sources.0': ['There is no source "hubspot"; there is: directory.'] }],
    )
    const body = { deadline_ms: 50, sources: ['directory'], outbound_number: null }
    const { json: changed } = await ask('PATCH', `/api/v1/${profiles}`, { body })
    assert.deepEqual(
      [changed.deadline_ms, changed.sources, changed.outbound_number],
      [50, [{ source: 'directory', mode: 'in_order' }], null],
    )
  })

  test('both are imported, exported and set in bulk like every hint, and a cell that is neither is refused', async (t) => {
    const { ask, importBook } = await newHub(t, engine)
    await importBook(BOOK)
    const book = (await ask('GET', '/api/v1/export')).text
    assert.match(book, /^[^\r]*,outbound_number,language\r\n/)
    assert.match(book, /,fr-vip,[^,]*,\+33199001000,fr-CA\r\n/)
    const other = await newHub(t, engine)
    assert.equal((await other.importBook(book)).rejected, 0)
    assert.equal((await other.ask('GET', '/api/v1/export')).text, book)
    const wrong = await other.importBook(
      'customer_account,language,outbound_number\nCL000101,???,\nCL000102,,12\nXY000102,de,+33199001002\n',
    )
    assert.deepEqual([wrong.accepted, wrong.rejected], [1, 2])
    const { json } = await other.ask('GET', '/api/isKnownPhoneNumber?number=0199009012&full=1')
    assert.deepEqual([json.hints.language, json.hints.outbound_number], ['de', '+33199001002'])
    const lines = ['it', 'de-CH', '???'].map((language, n) =>
      JSON.stringify({ op: 'upsert', type: 'customer', customer_account: `B${n}`, name: `B${n}`, language }),
    )
    const type = 'application/x-ndjson'
    const bulk = await other.ask('POST', '/api/v1/directory/bulk', { body: lines.join('\n'), type })
    assert.deepEqual(
      bulk.text
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { status: string }).status),
      ['created', 'created', 'error'],
    )
    const made = await other.ask('GET', '/api/v1/customers?filter[term_match]=B0')
    assert.equal(made.json.data[0].language, 'it')
  })

  test('whatever a name holds, its XML is XML', async (t) => {
    const { ask } = await newHub(t, engine)
    const name = 'A & B <b>"c"</b> \' ]]> \u0001 é 😀'
    const made = await ask('POST', '/api/v1/customers', { body: { name, phone: '0199001234' } })
    assert.equal(made.status, 201, made.text)
    const { text } = await ask('GET', '/api/caller-data?telephone=0199001234&type=xml')
    const read = new XMLParser({ parseTagValue: false }).parse(text)
    assert.equal(read.contact.name, made.json.name.replace('\u0001', ''))
  })

  test('an address credential opens it without a token', async (t) => {
    const { ask, importBook } = await newHub(t, engine)
    await importBook(BOOK)
    const path = '/api/while1voice?telephone=0199001234'
    assert.equal((await ask('GET', path, { token: null })).status, 401)
    const pbx = {
      kind: 'address',
      scopes: ['identify'],
      address_list: ['127.0.0.1'],
      dialects: ['caller-data'],
    }
    assert.equal((await ask('POST', '/api/v1/tokens', { body: { name: 'PBX', ...pbx } })).status, 201)
    assert.equal((await ask('GET', path, { token: null })).json.id, 1)
    assert.equal((await ask('GET', '/3cx/query?cid=0199001234', { token: null })).status, 401)
  })

  test('what the PBX says of a call is kept once, about the party whose id it sends back, and its answer is empty', async (t) => {
    const { ask, importBook } = await newHub(t, engine)
    await importBook(BOOK)
    const say = (query: string) => ask('GET', `/api/while1voice/events?${query}`)
    const call = 'telephone=0100000000&dnid=0199009001&uniqueid=1700.1&agent=ann&queue=sales'
    const first = await say(`event=queue_answer&direction=IN&contact_id=5&${call}&token=${ADMIN_TOKEN}`)
    assert.deepEqual([first.status, first.text], [200, ''])
    await say(`event=queue_answer&direction=IN&contact_id=5&${call}`)
    const ended = await ask('POST', '/api/caller-data/events', {
      body: {
        event: 'missed_calls',
        telephone: '0199001234',
        fail_reason: 'queue_hangup',
        queue_hold_time: 12,
      },
    })
    assert.deepEqual([ended.status, ended.text], [200, ''])
    for (const id of ['999', '0', 'x', '99999999999'])
      await say(`event=missed_calls&telephone=0639980002&contact_id=${id}`)
    const { json } = await ask('GET', '/api/v1/pbx-events?sort=id')
    assert.equal(json.total, 6)
    const [answered, missed, ...unknown] = json.data
    assert.deepEqual(
      [answered.event, answered.call, answered.customer_id, answered.contact_id, answered.agent],
      ['queue_answer', '1700.1', 1, 5, 'ann'],
    )
    assert.deepEqual(answered.payload, {
      event: 'queue_answer',
      direction: 'IN',
      contact_id: '5',
      telephone: '0100000000',
      dnid: '0199009001',
      uniqueid: '1700.1',
      agent: 'ann',
      queue: 'sales',
    })
    assert.deepEqual([missed.customer_id, missed.contact_id, missed.payload.queue_hold_time], [1, null, '12'])
    for (const one of unknown) assert.equal(one.contact_id, 5, 'known by its number')
    const found = async (query: string) => (await ask('GET', `/api/v1/pbx-events?${query}`)).json.total
    assert.equal(await found('filter[contact_id]=5&filter[event]=queue_answer'), 1)
    assert.equal(await found('filter[number]=%2B33639980002'), 4)
    const refused = await say('telephone=1')
    assert.deepEqual([refused.status, refused.json.code], [400, 'parameter_missing'])
    const erased = await ask('POST', '/api/v1/erase', { body: { number: '0639980002' } })
    assert.equal(erased.json.removed.pbx_events, 4, erased.text)
    assert.equal((await ask('POST', '/api/v1/erase', { body: { contact_id: 5 } })).json.removed.pbx_events, 1)
  })
})
