import assert from 'node:assert/strict'
import { test } from 'node:test'
import { askAt, newHub, type Ask, type Json } from '../../../test/hub.ts'
import { post } from '../../../test/pbx-fleet.ts'
import { newDirectory, newReadyAddress, onEachStore } from '../../../test/stores.ts'

const RECORDS = '/api/v1/pbx3cx_calls'
const LOGS = '/api/v1/pbx3cx-call-logs'

const MAP = {
  departments: [
    { id: 28, name: 'Sales' },
    { id: 29, name: 'Support' },
  ],
  extensions: [
    { number: '100', name: 'Anna', departments: ['Sales'] },
    { number: '101', name: 'Bob', departments: ['Support'] },
    { number: '102', name: 'Both', departments: ['Sales', 'Support'] },
  ],
  queues: [{ number: '800', name: 'Support', departments: ['Support'] }],
}

const newHost = async (ask: Ask, map: Json = MAP): Promise<number> =>
  (await post(ask, 'pbx3cx-hosts', { host_name: 'a.example', pbx_map: map })).id

let minute = 0
/** A call of one record; the n-th begins in the n-th minute. */
const told = (host: number, more: Json) => ({
  pbx3cx_host_id: host,
  started_at: new Date(Date.UTC(2026, 4, 1, 10, minute++)).toISOString(),
  caller_number: '0628773862',
  ...more,
})
const newCall = async (ask: Ask, host: number, more: Json): Promise<number> =>
  (await post(ask, 'pbx3cx_calls', told(host, more))).call_id

const seen = async (ask: Ask, token: string): Promise<number[]> => {
  const [bare, paged, records] = await Promise.all(
    [LOGS, `${LOGS}?page=1&per_page=100`, `${RECORDS}?per_page=100`].map((path) =>
      ask('GET', path, { token }),
    ),
  )
  const list = bare?.json.map((one: Json) => one.id).sort((a: number, b: number) => a - b)
  assert.equal(paged?.json.total, list.length)
  const ofRecords = new Set(records?.json.data.map((one: Json) => one.call_id))
  assert.deepEqual(ofRecords, new Set(list), 'records and calls are seen alike')
  return list
}

onEachStore('calls of departments', (engine) => {
  test('a token of a department sees its calls alone: by agent, by queue, by any leg', async (t) => {
    const { ask, newToken } = await newHub(t, engine)
    const host = await newHost(ask)
    const anna = await newCall(ask, host, { agent_extension: '100' })
    const bob = await newCall(ask, host, { agent_extension: '101' })
    const both = await newCall(ask, host, { agent_extension: '102' })
    const queue = await newCall(ask, host, { queue: '800' })
    const queueAndAnna = await newCall(ask, host, { queue: '800', agent_extension: '100' })
    const unknown = await newCall(ask, host, { agent_extension: '199' })
    const nobody = await newCall(ask, host, {})
    await post(ask, 'pbx3cx_calls', told(host, { agent_extension: '100', call_history_id: 'h' }))
    const journey = (
      await post(ask, 'pbx3cx_calls', told(host, { agent_extension: '101', call_history_id: 'h' }))
    ).call_id

    const sales = await newToken(['calls:read'], { departments: ['  SALES '] })
    const support = await newToken(['calls:read'], { departments: [`${host}:29`] })
    assert.deepEqual(await seen(ask, sales), [anna, both, queueAndAnna, journey])
    assert.deepEqual(await seen(ask, support), [bob, both, queue, queueAndAnna, journey])
    const either = await newToken(['calls:read'], { departments: ['Support', 'sales', 'Nothing'] })
    assert.deepEqual(await seen(ask, either), [anna, bob, both, queue, queueAndAnna, journey])
    assert.deepEqual(await seen(ask, await newToken(['calls:read'], { departments: ['Nothing'] })), [])
    const all = await newToken(['calls:read'])
    const everything = await seen(ask, all)
    assert.ok(everything.includes(unknown) && everything.includes(nobody))

    const { data } = (await ask('GET', `${RECORDS}?agent=101`)).json
    const record = data.find((one: Json) => one.call_id === bob).id
    for (const path of [`${LOGS}/${bob}`, `/api/v1/pbx3cx-call-log-details/${bob}`, `${RECORDS}/${record}`]) {
      assert.equal((await ask('GET', path, { token: sales })).status, 404, path)
      assert.equal((await ask('GET', path, { token: support })).status, 200, path)
    }
  })

  test('whoever moves to another department takes the calls along, at once and without stitching anew', async (t) => {
    const { ask, newToken } = await newHub(t, engine)
    const host = await newHost(ask, null)
    const call = await newCall(ask, host, { agent_extension: '100' })
    const sales = await newToken(['calls:read'], { departments: ['Sales'] })
    assert.deepEqual(await seen(ask, sales), [], 'nobody is in a department that no map tells of')
    const put = (map: Json) => ask('PUT', `/api/v1/pbx3cx-hosts/${host}`, { body: { pbx_map: map } })
    assert.equal((await put(MAP)).status, 201)
    assert.deepEqual(await seen(ask, sales), [call])
    await put({ extensions: [{ number: '100', departments: ['Support'] }] })
    assert.deepEqual(await seen(ask, sales), [])
    await put('[1, null, {"extensions": 7}]')
    assert.deepEqual(await seen(ask, await newToken(['calls:read'], { departments: ['Support'] })), [])
    await ask('DELETE', `/api/v1/pbx3cx-hosts/${host}`)
    assert.deepEqual(await seen(ask, await newToken(['calls:read'])), [])
  })

  test('departments are those of one host: an extension of the same number elsewhere is somebody else', async (t) => {
    const { ask, newToken } = await newHub(t, engine)
    const [one, two] = [await newHost(ask), await newHost(ask, { extensions: [] })]
    const call = await newCall(ask, one, { agent_extension: '100' })
    await newCall(ask, two, { agent_extension: '100' })
    const sales = await newToken(['calls:read'], { departments: ['Sales'] })
    assert.deepEqual(await seen(ask, sales), [call])
    const ofTwo = await newToken(['calls:read'], { departments: ['Sales'], host_id: two })
    assert.deepEqual(await seen(ask, ofTwo), [])
  })

  test('who sees some departments writes no calls and administers nothing', async (t) => {
    const { ask, newToken } = await newHub(t, engine)
    const host = await newHost(ask)
    const call = await newCall(ask, host, { agent_extension: '100', external_id: 'x' })
    const token = await newToken(['calls:write'], { departments: ['Support'] })
    const writes: [string, string][] = [
      ['POST', RECORDS],
      ['PUT', `${RECORDS}/1`],
      ['PATCH', `${RECORDS}/1`],
      ['DELETE', `${RECORDS}/1`],
      ['POST', LOGS],
    ]
    for (const [method, path] of writes) {
      const body = method === 'DELETE' ? {} : { body: told(host, { external_id: 'x' }) }
      const answer = await ask(method, path, { token, ...body })
      assert.equal(answer.status, 403, `${method} ${path}: ${answer.text}`)
    }
    assert.equal((await ask('GET', `${LOGS}/${call}`)).status, 200)
    for (const [path, body] of [
      ['tokens', { name: 'x', scopes: ['admin'], departments: ['Sales'] }],
      ['users', { email: 'a@example.com', memberships: [{ role: 'admin', departments: ['Sales'] }] }],
    ] as const) {
      const answer = await ask('POST', `/api/v1/${path}`, { body })
      assert.deepEqual([answer.status, Object.keys(answer.json.errors)], [422, ['departments']], path)
    }
  })

  test('what a PBX says of calls is told neither to who sees some departments nor to a token of one host', async (t) => {
    const { ask, newToken } = await newHub(t, engine)
    const host = await newHost(ask)
    await ask('POST', '/api/caller-data/events', { body: { event: 'hangup', number: '0628773862' } })
    const EVENTS = '/api/v1/pbx-events'
    assert.equal((await ask('GET', EVENTS, { token: await newToken(['calls:read']) })).json.total, 1)
    for (const limit of [{ departments: ['Sales'] }, { host_id: host }]) {
      const { status, json } = await ask('GET', EVENTS, { token: await newToken(['calls:read'], limit) })
      assert.deepEqual([status, json.code], [403, 'forbidden'], JSON.stringify(limit))
    }
  })

  test("a person sees the calls of the membership's departments, in the tenant where it says so", async (t) => {
    const { ask } = await newHub(t, engine)
    const host = await newHost(ask)
    const call = await newCall(ask, host, { agent_extension: '100' })
    await newCall(ask, host, { agent_extension: '101' })
    const credentials = { email: 'anna@example.com', password: 'a long password of hers' }
    const child = await post(ask, 'tenants', { name: 'Child', country: 'FR' })
    const made = await post(ask, 'users', {
      ...credentials,
      memberships: [
        { role: 'agent', departments: ['Sales'] },
        { role: 'agent', tenant_id: child.id },
      ],
    })
    assert.deepEqual(made.memberships, [
      { tenant_id: 1, role: 'agent', departments: ['Sales'], phones: [] },
      { tenant_id: child.id, role: 'agent', departments: null, phones: [] },
    ])
    const signedIn = await ask('POST', '/api/login', { token: null, body: credentials })
    assert.equal(signedIn.status, 200, signedIn.text)
    const token = signedIn.json.token ?? signedIn.json.access_token
    assert.deepEqual(await seen(ask, token), [call])
    const headers = { 'cordboard-tenant': String(child.id) }
    assert.deepEqual((await ask('GET', LOGS, { token, headers })).json, [])
    const become = async (membership: object) => {
      const body = { memberships: [membership] }
      const answer = await ask('PATCH', `/api/v1/users/${made.id}`, { body })
      assert.equal(answer.status, 200, answer.text)
      return answer.json.memberships[0].departments
    }
    assert.deepEqual(await become({ role: 'manager' }), ['Sales'])
    assert.deepEqual(await seen(ask, token), [call])
    assert.equal(await become({ role: 'admin' }), null)
    assert.equal((await seen(ask, token)).length, 2)
  })

  test('a token of a department is one again after a start from the snapshot', async (t) => {
    const address = await newReadyAddress(t, engine)
    const dataDir = await newDirectory(t)
    const first = await newHub(t, engine, { address, dataDir })
    const host = await newHost(first.ask)
    const call = await newCall(first.ask, host, { agent_extension: '100' })
    await newCall(first.ask, host, { agent_extension: '101' })
    const sales = await first.newToken(['calls:read'], { departments: ['Sales'] })
    await first.hub.renewSnapshot()
    await first.hub.close()
    const { hub } = await newHub(t, engine, { address, dataDir })
    assert.deepEqual(await seen(askAt(hub.url), sales), [call])
  })
})
