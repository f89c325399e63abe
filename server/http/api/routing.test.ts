import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { newHub, type Json } from '../../../test/hub.ts'
import { newDirectory, newReadyAddress, onEachStore } from '../../../test/stores.ts'
import { newWire, until } from '../../../test/wire.ts'
import type { Engine } from '../../platform/database/engine.ts'

const BOOK = `customer_account,customer_name,customer_phone,vip,on_call_duty,on_call_to
CL1,Acme,0199000001,1,1,2026-11-23
CL2,Bolt,0199000003,0,0,
`
const MONDAY_NOON = '2026-11-23T11:00:00Z'
const NIGHT = '2026-11-23T21:00:00Z'
const week = (from: string, to: string) =>
  Object.fromEntries(
    ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'].map((day) => [day, [{ from, to }]]),
  )
const queue = (value: string) => ({ type: 'queue', value })
const PARIS = {
  name: 'Paris',
  dnids: ['01 99 00 10 00', '700'],
  hours: week('09:00', '18:00'),
  holidays: [{ name: 'Christmas', from: '2026-12-25', yearly: true }],
  rules: [
    { name: 'no calls wanted', when: { do_not_call: true }, destination: { type: 'hang_up', value: '' } },
    {
      name: 'on call',
      when: { on_call: true, open: false },
      destination: { type: 'number', value: '0199009999' },
    },
    { name: 'closed', when: { open: false }, destination: { type: 'voicemail', value: '99' } },
    { name: 'VIP', when: { vip: true }, destination: queue('801'), queue_position: 90 },
    { name: 'Bolt', when: { accounts: ['cl2'] }, destination: { type: 'extension', value: '12' } },
    { name: 'others', when: {}, destination: queue('800') },
  ],
}

async function newRouting(t: TestContext, engine: Engine, options: Json = {}) {
  const world = { now: Date.parse(MONDAY_NOON) }
  const opened = await newHub(t, engine, {
    clock: { now: () => world.now },
    env: { CORDBOARD_TIME_ZONE: 'Europe/Paris' },
    ...options,
  })
  const { ask } = opened
  const route = async (query: string): Promise<Json> => {
    const answer = await ask('GET', `/api/v1/route?${query}`)
    assert.equal(answer.status, 200, answer.text)
    return answer.json
  }
  const make = async (profile: Json): Promise<Json> => {
    const made = await ask('POST', '/api/v1/profiles', { body: profile })
    assert.equal(made.status, 201, made.text)
    return made.json
  }
  return { ...opened, world, route, make }
}

onEachStore('routing over HTTP', (engine) => {
  test('a PBX has a profile of its own for the called numbers that no profile names', async (t) => {
    const { ask, route, make, importBook, newToken } = await newRouting(t, engine)
    await importBook(BOOK)
    const newHost = async (host_name: string): Promise<number> =>
      (await ask('POST', '/api/v1/pbx3cx-hosts', { body: { host_name } })).json.id
    const [north, south, east] = [
      await newHost('n.example'),
      await newHost('s.example'),
      await newHost('e.example'),
    ]
    const rules = (value: string) => ({ rules: [{ name: 'all', when: {}, destination: queue(value) }] })
    const number = await make({ name: 'Number', dnids: ['700'], ...rules('1') })
    assert.deepEqual(number.host_ids, [])
    const hosts = await make({ name: 'Hosts', host_ids: [north, south], ...rules('2') })
    assert.deepEqual([hosts.dnids, hosts.host_ids], [[], [north, south]])
    await make({ name: 'Others', ...rules('3') })
    const both = await make({ name: 'Both', dnids: ['701'], host_ids: [east], ...rules('4') })
    const asked = async (query: string) => (await route(`number=0199000001&${query}`)).destination.value
    for (const [query, expected] of [
      ['dnid=700', '1'],
      [`dnid=700&host=${north}`, '1'],
      [`dnid=555&host=${north}`, '2'],
      [`host=${south}`, '2'],
      ['dnid=555', '3'],
      ['host=999', '3'],
      ['dnid=701', '4'],
      [`dnid=555&host=${east}`, '4'],
    ] as const)
      assert.equal(await asked(query), expected, query)
    // A host may name its profile itself; what a profile says of hosts goes before that.
    for (const host of [await newHost('w.example'), north]) {
      const named = await ask('PATCH', `/api/v1/pbx3cx-hosts/${host}`, { body: { profile_id: both.id } })
      assert.equal(named.status, 200)
      assert.equal(await asked(`dnid=555&host=${host}`), host === north ? '2' : '4')
      await ask('PATCH', `/api/v1/pbx3cx-hosts/${host}`, { body: { profile_id: null } })
      assert.equal(await asked(`dnid=555&host=${host}`), host === north ? '2' : '3')
    }
    assert.match((await route(`number=1&host=${north}`)).reasons.join(' '), /PBX that asks has a profile/)

    // A token of one host speaks for that one, whatever is asked.
    const own = await newToken(['identify'], { host_id: south })
    const answer = await ask('GET', `/api/v1/route?number=1&host=${east}`, { token: own })
    assert.equal(answer.json.destination.value, '2')
    for (const path of [
      '/api/caller-data?telephone=0199000001',
      `/api/caller-data?telephone=0199000001&host=${east}`,
    ])
      assert.equal((await ask('GET', path, { token: own })).json.direct_line, '2', path)
    for (const [host, line] of [
      [east, '4'],
      ['x', '3'],
    ])
      assert.equal(
        (await ask('GET', `/api/caller-data?telephone=0199000001&host=${host}`)).json.direct_line,
        line,
      )

    const refused = async (method: string, path: string, body: Json) => {
      const { status, json } = await ask(method, `/api/v1/profiles${path}`, { body })
      return [status, Object.keys(json.errors ?? {})]
    }
    assert.deepEqual(await refused('POST', '', { name: 'x', host_ids: [999] }), [422, ['host_ids.0']])
    assert.deepEqual(await refused('POST', '', { name: 'x', host_ids: [north] }), [422, ['host_ids.0']])
    assert.deepEqual(await refused('POST', '', { name: 'x', host_ids: ['a'] }), [422, ['host_ids.0']])
    assert.deepEqual(await refused('PATCH', `/${hosts.id}`, { host_ids: [] }), [422, ['dnids']])
    assert.deepEqual(await refused('PATCH', `/${both.id}`, { host_ids: [east, south] }), [
      422,
      ['host_ids.1'],
    ])

    const moved = await ask('PATCH', `/api/v1/profiles/${hosts.id}`, { body: { host_ids: [south] } })
    assert.deepEqual(moved.json.host_ids, [south])
    assert.equal(await asked(`host=${north}`), '3')
    // A host that is gone stays in the list and is nobody's question; its profile is not for all others.
    assert.equal((await ask('DELETE', `/api/v1/pbx3cx-hosts/${south}`)).status, 201)
    const kept = await ask('PUT', `/api/v1/profiles/${hosts.id}`, {
      body: { host_ids: [south], name: 'Gone' },
    })
    assert.deepEqual([kept.status, kept.json.host_ids], [200, [south]], kept.text)
    assert.equal(await asked('dnid=555'), '3')
    assert.equal((await ask('DELETE', `/api/v1/profiles/${both.id}`)).status, 204)
    assert.equal(await asked(`host=${east}`), '3')
  })

  test('by the country of its PBX’s profile every dialect reads a number', async (t) => {
    const { ask, make, importBook, newToken } = await newRouting(t, engine)
    await importBook('customer_account,customer_name,customer_phone\nRO1,Dacia,+40 721 000 001\n')
    const host = (await ask('POST', '/api/v1/pbx3cx-hosts', { body: { host_name: 'ro.example' } })).json.id
    await make({ name: 'Romania', host_ids: [host], dnids: ['0211'], country: 'RO' })
    const own = await newToken(['identify'], { host_id: host })
    const national = '0721000001'
    const paths = [
      `/api/isKnownPhoneNumber?format=raw&phoneNumber=${national}`,
      `/3cx/query?cid=${national}`,
      `/pbx/asterisk?number=${national}`,
      `/pbx/freeswitch?number=${national}`,
      `/3cx/crm/lookup?number=${national}`,
      `/api/caller-data?telephone=${national}`,
    ]
    for (const path of paths) {
      for (const headers of [{}, { 'cordboard-tenant': '1' }] as Record<string, string>[]) {
        const told = async (query: string, token?: string) =>
          (await ask('GET', path + query, { headers, ...(token ? { token } : {}) })).text
        const known = await told(`&host=${host}`)
        assert.match(known, /^1$|true|Dacia/, path)
        assert.equal(await told('', own), known, path)
        assert.equal(await told('&dnid=0211'), known, path)
        assert.doesNotMatch(await told(''), /^1$|true|Dacia/, path)
        assert.doesNotMatch(await told('&host=999'), /^1$|true|Dacia/, path)
      }
    }
  })

  test('a call goes where the first rule of its profile says, and every reason is told', async (t) => {
    const { ask, importBook, route, make } = await newRouting(t, engine)
    await importBook(BOOK)
    await make(PARIS)
    const where = async (query: string) => {
      const { rule, destination } = await route(query)
      return [rule, destination?.value ?? null]
    }
    const paris = 'dnid=%2B33199001000'
    for (const [query, expected] of [
      [`number=0199000001&${paris}`, ['VIP', '801']],
      [`number=0199000003&dnid=700`, ['Bolt', '12']],
      [`account=CL2&${paris}`, ['Bolt', '12']],
      [`number=0100000000&${paris}`, ['others', '800']],
      [`number=anonymous&${paris}`, ['others', '800']],
      [`number=0199000001&${paris}&at=${NIGHT}`, ['on call', '0199009999']],
      [`number=0199000001&${paris}&at=2026-11-24T21:00:00Z`, ['closed', '99']],
      [`number=0199000003&${paris}&at=2027-12-25T11:00:00Z`, ['closed', '99']],
      [`number=0199000003&dnid=0199001001`, [null, null]],
      [`number=0199000003`, [null, null]],
    ] as const)
      assert.deepEqual(await where(query), expected, query)
    assert.deepEqual(await route(`number=0199000001&${paris}`), {
      known: true,
      vip: true,
      on_call: true,
      open: true,
      destination: { type: 'queue', value: '801' },
      rule: 'VIP',
      reasons: [
        'The caller is Acme (exact).',
        'Profile "Paris".',
        'Open: monday 12:00 in Europe/Paris is within monday 09:00 to monday 18:00.',
        'Rule "no calls wanted" does not hold: do_not_call is false.',
        'Rule "on call" does not hold: open is true.',
        'Rule "closed" does not hold: open is true.',
        'Rule "VIP" holds.',
      ],
      queue_position: 90,
      profile: { id: 1, name: 'Paris', outbound_number: null },
    })
    await ask('GET', '/3cx/query?cid=0199000003&status=DND')
    assert.deepEqual(await where(`number=0199000003&${paris}`), ['no calls wanted', ''])
    await ask('DELETE', '/api/v1/do-not-call/0199000003')
    assert.deepEqual(await where(`number=0199000003&${paris}`), ['Bolt', '12'])
    await make({ name: 'Rest', rules: [{ name: 'all', when: {}, destination: queue('1') }] })
    assert.deepEqual(await where('number=0199000003&dnid=0199001001'), ['all', '1'])
    const nobody = await ask('GET', '/api/v1/route?dnid=700')
    assert.deepEqual([nobody.status, nobody.json.code], [400, 'parameter_missing'])
  })

  test('a profile is refused with what is wrong with it, and which rule hides which', async (t) => {
    const { ask, make } = await newRouting(t, engine)
    await make(PARIS)
    const refusal = async (body: Json) => {
      const { status, json } = await ask('POST', '/api/v1/profiles', {
        body: { name: 'X', dnids: ['1'], ...body },
      })
      assert.equal(status, 422, JSON.stringify(json))
      return Object.entries(json.errors as Record<string, string[]>).map(
        ([field, [text]]) => `${field}: ${text}`,
      )
    }
    const rule = (name: string, when: Json) => ({ name, when, destination: queue('1') })
    for (const [body, words] of [
      [
        {
          hours: {
            monday: [
              { from: '09:00', to: '12:30' },
              { from: '12:00', to: '18:00' },
            ],
          },
        },
        /^hours: .* overlap/,
      ],
      [{ hours: { monday: [{ from: '9', to: '12:30' }] } }, /^hours.monday.0.from: /],
      [{ time_zone: 'Mars/Base' }, /^time_zone: Mars/],
      [{ country: 'ZZ' }, /^country: ZZ/],
      [{ holidays: [{ from: '2026-05-02', to: '2026-05-01' }] }, /^holidays.0.to: Lies before/],
      [{ dnids: ['+33199001000'] }, /^dnids: \+33199001000 is those of the profile "Paris"/],
      [{ dnids: ['anonymous'] }, /^dnids.0: Names no number/],
      [
        { rules: [rule('all known', { known: true }), rule('VIPs', { vip: true, known: true })] },
        /^rules.1: Can never decide: rule "all known" takes every call/,
      ],
      [
        { rules: [rule('a', { open: true }), rule('b', { open: false }), rule('c', {})] },
        /^rules.2: Can never decide: rules "a", "b" together take/,
      ],
      [{ rules: [rule('x', { known: false, vip: true })] }, /^rules.0: Can never hold/],
      [{ colour: 'red' }, /^colour: Unknown field/],
    ] as const)
      assert.match((await refusal(body)).join('; '), words)
    await make({ name: 'Rest' })
    assert.match(
      (await refusal({ dnids: [] })).join(),
      /numbers that no profile names are those of the profile "Rest"/,
    )
    const racers = await Promise.all(
      [1, 2, 3, 4].map((i) =>
        ask('POST', '/api/v1/profiles', { body: { name: `R${i}`, dnids: ['0199001002'] } }),
      ),
    )
    assert.equal(racers.filter(({ status }) => status === 201).length, 1)
    for (const { status, text } of racers) assert.ok([201, 409, 422].includes(status), text)
  })

  test('the next call follows a change, a deletion, and the tenant’s country; other tenants see nothing', async (t) => {
    const { ask, route, make } = await newRouting(t, engine)
    const { id } = await make(PARIS)
    const at = async (dnid: string) => (await route(`number=1&dnid=${dnid}`)).rule
    assert.equal(await at('0199001000'), 'others')
    await ask('PATCH', `/api/v1/profiles/${id}`, { body: { dnids: ['0199002000'] } })
    assert.deepEqual([await at('0199001000'), await at('0199002000')], [null, 'others'])
    await ask('PATCH', '/api/v1/tenants/1', { body: { country: 'BE' } })
    assert.deepEqual([await at('+33199002000'), await at('0199002000')], [null, 'others'])
    const { json: child } = await ask('POST', '/api/v1/tenants', { body: { name: 'Child', country: 'BE' } })
    const headers = { 'cordboard-tenant': String(child.id) }
    const strange = await ask('GET', '/api/v1/route?number=1&dnid=0199002000', { headers })
    assert.equal(strange.json.rule, null)
    assert.equal((await ask('GET', `/api/v1/profiles/${id}`, { headers })).status, 404)
    assert.equal((await ask('DELETE', `/api/v1/profiles/${id}`)).status, 204)
    assert.equal(await at('0199002000'), null)
  })

  test('decisions are kept with their reasons, simulations are not, and the erased are not either', async (t) => {
    const { hub, ask, importBook, route, make } = await newRouting(t, engine)
    await importBook(BOOK)
    await make(PARIS)
    const asked = await route('number=01%2099%2000%2000%2001&dnid=700&call=c1')
    const body = { number: '0199000003', dnid: '700', at: NIGHT }
    const simulated = await ask('POST', '/api/v1/route/simulate', { body })
    assert.deepEqual([simulated.status, simulated.json.rule], [200, 'closed'])
    assert.equal((await ask('POST', '/api/v1/route', { body })).json.rule, 'closed')
    const list = async (query = '') => (await ask('GET', `/api/v1/decisions?${query}`)).json.data as Json[]
    await until('both are written', async () => (await list()).length === 2)
    const [first] = await list('filter[number]=0199000001&filter[call]=c1')
    assert.deepEqual(
      [first.reasons, first.destination, first.source, first.customer_id, first.profile_id, first.dnid],
      [asked.reasons, asked.destination, 'route', 1, 1, '700'],
    )
    assert.deepEqual((await ask('GET', `/api/v1/decisions/${first.id}`)).json, first)
    await route('number=0199000001&dnid=700')
    const erased = await ask('POST', '/api/v1/erase', { body: { number: '0199000001' } })
    assert.equal(erased.json.removed.decisions, 2, erased.text)
    assert.deepEqual(
      (await list()).map((one) => one.number),
      ['0199000003'],
    )
    await route('number=0199000003')
    await hub.close()
  })

  test('routes are answered without the store, from the snapshot too; their decisions are written when it is back', async (t) => {
    if (engine === 'sqlite') return
    const address = await newReadyAddress(t, engine)
    assert.ok(address.kind === 'postgres')
    const wire = await newWire(t, address.url)
    const place = { dataDir: await newDirectory(t), address: { kind: 'postgres', url: wire.url } }
    const first = await newRouting(t, engine, place)
    await first.importBook(BOOK)
    await first.make(PARIS)
    await first.ask('GET', '/3cx/query?cid=0199000003&status=DND')
    await first.hub.close()
    wire.cut()
    const second = await newRouting(t, engine, place)
    assert.equal((await second.route('number=0199000003&dnid=700')).rule, 'no calls wanted')
    assert.equal((await second.route('number=0199000001&dnid=700')).rule, 'VIP')
    wire.mend()
    const total = async () => (await second.ask('GET', '/api/v1/decisions')).json?.total as number
    await until('both are written', async () => (await total()) === 2)
  })
})

test('a stopped hub leaves no decision behind', async (t) => {
  const dataDir = await newDirectory(t)
  const address = { kind: 'sqlite', file: join(dataDir, 'cordboard.db') }
  const first = await newRouting(t, 'sqlite', { dataDir, address })
  await first.make(PARIS)
  await first.route('number=1&dnid=700')
  await first.hub.close()
  const { ask } = await newRouting(t, 'sqlite', { dataDir, address })
  assert.equal((await ask('GET', '/api/v1/decisions')).json.total, 1)
})
