import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openPretendPbx } from '../xapi/testing/pbx.ts'
import { runCommand } from './commands.ts'
import { ADMIN_TOKEN, type Json } from './hub.ts'
import { newPbxBehind, settingsFor, told } from './pbx-behind.ts'
import { post } from './pbx-fleet.ts'

test('a client is kept while the settings of its host are, and made anew when they change', async (t) => {
  const { hub, ask, host, simulator } = await newPbxBehind(t, 'sqlite')
  const { xapi } = hub.fleet
  const reach = { tenantId: hub.operatorTenantId, hostId: null }
  const settle = async (change: Json) =>
    told(await ask('PATCH', `/api/v1/pbx3cx-hosts/${host.id}`, { body: change }), 200)
  const first = await xapi.open(reach, host.id)
  await settle({ comment: 'not about its API' })
  assert.equal(await xapi.open(reach, host.id), first)
  await ask('POST', '/api/v1/keys/rotate', { body: {} })
  assert.equal(await xapi.open(reach, host.id), first, 'sealed anew, the secret is the same')

  const readers = first.users.list()
  await settle({ xapi_url: simulator.url.replace('127.0.0.1', 'localhost') })
  const second = await xapi.open(reach, host.id)
  assert.notEqual(second, first)
  assert.ok((await readers.next()).value, 'what is under way goes on')
  await assert.rejects(xapi.open({ ...reach, hostId: host.id + 1 }, host.id), { code: 'not_found' })
  await assert.rejects(xapi.open({ tenantId: reach.tenantId + 1, hostId: null }, host.id), {
    code: 'not_found',
  })
  await settle({ active: false })
  await assert.rejects(xapi.open(reach, host.id), { code: 'pbx_inactive' })
})

test('hosts with the same API client share its token, one with another secret spoils nothing', async (t) => {
  const { ask, call, simulator } = await newPbxBehind(t, 'sqlite')
  const settings = settingsFor(simulator)
  const [same, wrong] = [
    await post(ask, 'pbx3cx-hosts', settings),
    await post(ask, 'pbx3cx-hosts', { ...settings, xapi_client_secret: 'guessed' }),
  ]
  const at = (id: number) => ask('POST', `/api/v1/pbx3cx/${id}/xapi/ListParking`, { body: {} })
  told(await call('ListParking'), 200)
  told(await at(same.id), 200)
  told(await at(wrong.id), 502, 'pbx_credentials_refused')
  told(await at(wrong.id), 502, 'pbx_credentials_refused')
  told(await call('ListParking'), 200)
  const tokens = simulator.requests.list().filter(({ path }) => path === '/connect/token')
  assert.deepEqual(
    tokens.map(({ status }) => status),
    [200, 401],
    'one token, and one refusal that is remembered',
  )
})

test('a redirect of the PBX is an answer nobody can use, and is not followed', async (t) => {
  const { ask } = await newPbxBehind(t, 'sqlite')
  const [pbx, elsewhere] = [await openPretendPbx(t), await openPretendPbx(t)]
  const { id } = await post(ask, 'pbx3cx-hosts', {
    host_name: 'pbx.example',
    xapi_url: pbx.url,
    xapi_client_id: 'cordboard',
    xapi_client_secret: 'secret',
  })
  pbx.on('/Users', { status: 302, headers: { location: `${elsewhere.url}/xapi/v1/Users` } })
  told(await ask('POST', `/api/v1/pbx3cx/${id}/xapi/ListExtension`, { body: {} }), 502, 'pbx_failed')
  assert.equal(elsewhere.heard.length, 0)
})

test('cordboard xapi lists operations and calls them', async (t) => {
  const { hub, host, simulator } = await newPbxBehind(t, 'sqlite')
  const env = { ...process.env, CORDBOARD_URL: hub.url, CORDBOARD_TOKEN: ADMIN_TOKEN }
  const run = (...args: string[]) => runCommand(t, ['xapi', ...args], env)
  const [listed, read, made, unconfirmed, wrong, help] = await Promise.all([
    run(host.code, 'operations', '--search', 'parkings number', '--method', 'get'),
    run(String(host.id), 'call', 'ListUser', '$top=1', '$select=Id,Number', '$count=true'),
    run(host.code, 'call', 'CreateParking', '--body', '{"Number": "SP90"}'),
    run(host.code, 'call', 'Restart', '--body', '{"options": {"ServiceNames": []}}'),
    run(host.code, 'call', 'GetUser', 'Id=many'),
    run('--help'),
  ])
  assert.equal(listed.said.trim().split('\n').length, 1, listed.said)
  assert.match(listed.said, /^GetParkingByNumber\tGET\t\/Parkings\(Number=\{Number\}\)\treads\t/)
  const rows = JSON.parse(read.said)
  assert.deepEqual([rows.value.length, rows['@odata.count']], [1, simulator.pbx.store.rows('Users').length])
  assert.deepEqual([made.code, JSON.parse(made.said).Number], [0, 'SP90'])
  assert.deepEqual([unconfirmed.code, wrong.code, help.code], [1, 1, 0])
  assert.match(unconfirmed.said, /confirmation_required/)
  assert.match(wrong.said, /\n {2}Id: must be/)
})
