import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { newHub } from '../../../test/hub.ts'
import { HOST_PROPERTIES, HOST_VALUES, MASKS, post } from '../../../test/pbx-fleet.ts'
import { newDirectory, newReadyAddress, onEachStore } from '../../../test/stores.ts'
import { newMasterKey } from '../../../test/vault.ts'
import type { FleetTables } from '../../fleet/fleet.ts'
import { openStore, type StoreAddress } from '../../platform/database/store.ts'

const typeOf = (value: unknown): string => {
  if (Array.isArray(value)) return 'array'
  return Number.isInteger(value) ? 'integer' : typeof value
}

const HOSTS = '/api/v1/pbx3cx-hosts'

onEachStore('pbx3cx-hosts', (engine) => {
  test('POST answers 201 with every property, its default and a code of its own', async (t) => {
    const { ask } = await newHub(t, engine)
    const made = await ask('POST', HOSTS, { body: { host_name: 'a.3cx.example' } })
    assert.equal(made.status, 201)
    assert.deepEqual(Object.keys(made.json).sort(), Object.keys(HOST_PROPERTIES).sort())
    for (const [name, [type, initial]] of Object.entries(HOST_PROPERTIES)) {
      if (initial !== undefined) assert.deepEqual(made.json[name], initial, name)
      if (made.json[name] !== null) assert.equal(typeOf(made.json[name]), type, name)
    }
    const other = await post(ask, 'pbx3cx-hosts', { host_name: 'a.3cx.example', code: made.json.code })
    assert.match(made.json.code, /^PBX-[0-9A-Z]{12}$/)
    assert.notEqual(other.code, made.json.code)
  })

  test('what is written is read, PUT answers 201 with the object, DELETE 201 with a message', async (t) => {
    const { ask } = await newHub(t, engine, { env: { CORDBOARD_SECRET_KEY: newMasterKey() } })
    const customer = await post(ask, 'customers', { name: 'Acme' })
    const file = await post(ask, 'customer-files', { customer_id: customer.id, name: 'HQ' })
    const { id } = await post(ask, 'pbx3cx-hosts', { host_name: 'first.example' })
    const written = { ...HOST_VALUES, customer_file_id: file.id }
    const put = await ask('PUT', `${HOSTS}/${id}`, { body: written })
    assert.equal(put.status, 201, put.text)
    for (const [name, value] of Object.entries({ ...written, ...MASKS, id }))
      assert.deepEqual(put.json[name], value, name)
    const read = await ask('GET', `${HOSTS}/${id}`)
    assert.deepEqual([read.status, read.json], [200, put.json])
    assert.equal(read.headers.get('etag'), put.headers.get('etag'))
    const cleared = await ask('PUT', `${HOSTS}/${id}`, {
      body: { comment: null, backups_frequency: null, tags: null, tls_mode: null, licence_key: null },
    })
    assert.deepEqual(
      ['comment', 'backups_frequency', 'tags', 'tls_mode', 'licence_key', 'host_name'].map(
        (f) => cleared.json[f],
      ),
      [null, 1440, [], 'verify', null, 'acme.3cx.example'],
    )
    const gone = await ask('DELETE', `${HOSTS}/${id}`)
    assert.deepEqual([gone.status, typeof gone.json.message], [201, 'string'])
    for (const [method, body] of [['GET'], ['PUT', {}], ['DELETE']] as const) {
      const answer = await ask(method, `${HOSTS}/${id}`, body ? { body } : {})
      assert.deepEqual([answer.status, answer.json.code], [404, 'not_found'], method)
    }
  })

  test('any spelling is taken: camelCase, truth as 0 and "1", numbers as text, dates by day; what is not ours is ignored', async (t) => {
    const { ask } = await newHub(t, engine)
    const made = await post(ask, 'pbx3cx-hosts', {
      hostName: 'a.example',
      active: '0',
      fetchCdr: 1,
      cdrFrequency: '15',
      push_cdr: 'true',
      clCallsIsSync: 0,
      licenceActivationDate: '31/01/2025',
      licence_renewal_date: '2027-01-31T10:00:00Z',
      pbxMap: { queues: ['800'] },
      tags: 'lyon, gold ,lyon',
      tls_fingerprint: 'AB:'.repeat(31) + 'AB',
      id: 77,
      brand_id: 5,
    })
    const { active, fetch_cdr, cdr_frequency, push_cdr, cl_calls_is_sync } = made
    assert.deepEqual(
      [active, fetch_cdr, cdr_frequency, push_cdr, cl_calls_is_sync],
      [false, true, 15, true, false],
    )
    assert.deepEqual(
      [
        made.licence_activation_date,
        made.licence_renewal_date,
        made.pbx_map,
        made.tags,
        made.tls_fingerprint,
      ],
      ['2025-01-31', '2027-01-31', '{"queues":["800"]}', ['lyon', 'gold'], 'ab'.repeat(32)],
    )
    assert.notEqual(made.id, 77)
  })

  test('what is wrong is a 422 that names each field, and nothing is written', async (t) => {
    const { ask } = await newHub(t, engine)
    const wrong: [Record<string, unknown>, string][] = [
      [{}, 'host_name'],
      [{ host_name: ' ' }, 'host_name'],
      [{ host_name: 'a', active: 'perhaps' }, 'active'],
      [{ host_name: 'a', ip_address: '300.1.1.1' }, 'ip_address'],
      [{ host_name: 'a', cdr_frequency: 'often' }, 'cdr_frequency'],
      [{ host_name: 'a', cdr_frequency: '0' }, 'cdr_frequency'],
      [{ host_name: 'a', licence_renewal_date: '31/02/2026' }, 'licence_renewal_date'],
      [{ host_name: 'a', pbx_map: '{' }, 'pbx_map'],
      [{ host_name: 'a', time_zone: 'Mars/Olympus' }, 'time_zone'],
      [{ host_name: 'a', tls_mode: 'maybe' }, 'tls_mode'],
      [{ host_name: 'a', tls_mode: 'pinned' }, 'tls_fingerprint'],
      [{ host_name: 'a', tls_fingerprint: 'abc' }, 'tls_fingerprint'],
      [{ host_name: 'a', cdr_addresses: ['10.0.0.0/99'] }, 'cdr_addresses'],
      [{ host_name: 'a', cdr_port: 70_000 }, 'cdr_port'],
      [{ host_name: 'a', xapi_url: 'ftp://a' }, 'xapi_url'],
      [{ host_name: 'a', xapi_url: 'https://u:p@a' }, 'xapi_url'],
      [{ host_name: 'a', customer_file_id: 999 }, 'customer_file_id'],
      [{ host_name: 'a', web_password: '********' }, 'web_password'],
    ]
    for (const [body, field] of wrong) {
      const { status, json } = await ask('POST', HOSTS, { body })
      assert.deepEqual([status, json.code], [422, 'validation_failed'], JSON.stringify(body))
      assert.equal(typeof json.message, 'string')
      assert.ok(Array.isArray(json.errors[field]), `${JSON.stringify(body)} → ${JSON.stringify(json.errors)}`)
    }
    assert.deepEqual((await ask('GET', HOSTS)).json, [])
  })

  test('the list is a bare array; page or per_page switch to the envelope; each filter narrows it', async (t) => {
    const { ask } = await newHub(t, engine)
    const [one, two] = [
      await post(ask, 'customers', { name: 'One' }),
      await post(ask, 'customers', { name: 'Two' }),
    ]
    const file = await post(ask, 'customer-files', { customer_id: one.id, name: 'HQ' })
    const a = await post(ask, 'pbx3cx-hosts', { host_name: 'a.example', customer_file_id: file.id })
    const b = await post(ask, 'pbx3cx-hosts', { host_name: 'b.example' })
    const ids = async (query: string) => {
      const { status, json } = await ask('GET', `${HOSTS}${query}`)
      assert.equal(status, 200, query)
      return json.map((host: { id: number }) => host.id)
    }
    assert.deepEqual(await ids(''), [a.id, b.id])
    assert.deepEqual(await ids('?sort=-host_name'), [b.id, a.id])
    for (const query of [
      `?customer_id=${one.id}`,
      `?filter[customer_id]=${one.id}`,
      `?customer_file_id=${file.id}`,
      `?fileable_id=${one.id}&fileable_type=App%5CCustomer`,
    ])
      assert.deepEqual(await ids(query), [a.id], query)
    for (const query of [
      `?customer_id=${two.id}`,
      `?customer_file_id=${file.id + 99}`,
      `?fileable_id=${one.id}&fileable_type=App%5CProspect`,
      `?customer_id=${one.id}&fileable_id=${two.id}&fileable_type=customer`,
    ])
      assert.deepEqual(await ids(query), [], query)
    assert.equal((await ask('GET', `${HOSTS}?fileable_id=1`)).status, 422)
    const page = await ask('GET', `${HOSTS}?per_page=1&page=2`)
    const { data, ...envelope } = page.json
    assert.deepEqual(
      data.map((host: { id: number }) => host.id),
      [b.id],
    )
    assert.deepEqual(envelope, { current_page: 2, last_page: 2, per_page: 1, total: 2 })
    // A customer that goes takes its files along, and leaves the PBX.
    assert.equal((await ask('DELETE', `/api/v1/customers/${one.id}`)).status, 204)
    assert.equal((await ask('GET', `${HOSTS}/${a.id}`)).json.customer_file_id, null)
  })

  test('a list of more than a thousand is cut there, and Link says where it goes on', async (t) => {
    const dataDir = await newDirectory(t)
    const address: StoreAddress =
      engine === 'sqlite'
        ? { kind: 'sqlite', file: join(dataDir, 'cordboard.db') }
        : await newReadyAddress(t, engine)
    const { ask } = await newHub(t, engine, { address, dataDir })
    const { id: first } = await post(ask, 'pbx3cx-hosts', { host_name: 'a.example' })
    const store = await openStore<FleetTables>({ address })
    try {
      const rows = store.read.selectFrom('pbx_hosts').selectAll().where('id', '=', first)
      const { id: _id, ...row } = await rows.executeTakeFirstOrThrow()
      for (let i = 0; i < 1_000; i += 100) {
        const copies = Array.from({ length: 100 }, (_, k) => ({ ...row, code: `PBX-${i + k}` }))
        await store.write.insertInto('pbx_hosts').values(copies).execute()
      }
    } finally {
      await store.close()
    }
    const whole = await ask('GET', `${HOSTS}?sort=id`)
    assert.equal(whole.json.length, 1_000)
    const next = /<([^>]+)>; rel="next"/.exec(whole.headers.get('link') ?? '')?.[1] ?? ''
    const rest = await ask('GET', next)
    assert.deepEqual([rest.json.data.length, rest.json.total], [1, 1_001])
    assert.ok(!whole.json.some((host: { id: number }) => host.id === rest.json.data[0].id))
  })

  test('the older spelling works the same and names its successor', async (t) => {
    const { ask } = await newHub(t, engine)
    const made = await ask('POST', '/api/v1/pbx3cx_hosts', { body: { host_name: 'a.example' } })
    const path = `/api/v1/pbx3cx_hosts/${made.json.id}`
    const answers = [
      made,
      await ask('GET', '/api/v1/pbx3cx_hosts'),
      await ask('GET', path),
      await ask('PUT', path, { body: { comment: 'x' } }),
      await ask('DELETE', path),
    ]
    assert.deepEqual(
      answers.map(({ status }) => status),
      [201, 200, 200, 201, 201],
    )
    for (const { headers } of answers) {
      assert.match(headers.get('deprecation') ?? '', /^@\d+$/)
      assert.match(headers.get('link') ?? '', /<\/api\/v1\/pbx3cx-hosts[^>]*>; rel="successor-version"/)
    }
    assert.equal((await ask('GET', HOSTS)).headers.get('deprecation'), null)
  })

  test('a token of one host sees that host alone and changes nothing', async (t) => {
    const { ask, newToken } = await newHub(t, engine)
    const [a, b] = [
      await post(ask, 'pbx3cx-hosts', { host_name: 'a.example' }),
      await post(ask, 'pbx3cx-hosts', { host_name: 'b.example' }),
    ]
    const token = await newToken(['fleet:write'], { host_id: a.id })
    const list = await ask('GET', HOSTS, { token })
    assert.deepEqual(
      list.json.map((host: { id: number }) => host.id),
      [a.id],
    )
    assert.equal((await ask('GET', `${HOSTS}/${b.id}`, { token })).status, 404)
    for (const [method, path] of [
      ['PUT', `${HOSTS}/${a.id}`],
      ['DELETE', `${HOSTS}/${a.id}`],
      ['POST', HOSTS],
    ] as const)
      assert.equal((await ask(method, path, { token, body: { host_name: 'x' } })).status, 403, method)
    const stray = await ask('POST', '/api/v1/tokens', {
      body: { name: 'x', scopes: ['fleet:read'], host_id: 999 },
    })
    assert.equal(stray.status, 404)
    // It could make itself a token that sees them all.
    const body = { name: 'x', scopes: ['admin'], host_id: a.id }
    const admin = await ask('POST', '/api/v1/tokens', { body })
    assert.deepEqual([admin.status, Object.keys(admin.json.errors ?? {})], [422, ['host_id']])
  })
})
