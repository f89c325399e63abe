import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openClient } from '../test-client.ts'
import type { Row } from './filter.ts'

test('lists are ordered, cut, counted and reduced to columns', async (t) => {
  const { ask, list } = await openClient(t)
  const { json } = await ask(
    'GET',
    '/xapi/v1/Users?$orderby=LastName%20desc&$top=2&$skip=1&$select=Number,LastName&$count=true',
  )
  assert.equal(json['@odata.count'], 6)
  assert.match(String(json['@odata.context']), /\/xapi\/v1\/\$metadata#Users\(Number,LastName\)$/)
  assert.deepEqual(json.value, [
    { Number: '104', LastName: 'Huszár' },
    { Number: '103', LastName: 'Erdei' },
  ])
  assert.deepEqual(
    (await list('/Users?$search=claire')).map((row) => row.Number),
    ['102'],
  )
})

test('related rows come only when they are asked for, at any depth', async (t) => {
  const { ask, list } = await openClient(t)
  const [plain] = await list("/Users?$filter=Number%20eq%20'100'")
  assert.equal(plain?.Groups, undefined)
  const [user] = await list(
    "/Users?$filter=Number%20eq%20'100'&$expand=Groups($expand=Rights($select=RoleName);$select=Name)",
  )
  assert.deepEqual(user?.Groups, [{ Name: 'Sales', Rights: { RoleName: 'users' } }])
  const [queue] = await list('/Queues?$expand=Agents($filter=Number%20eq%20%27102%27;$select=Number)')
  assert.deepEqual(queue?.Agents, [{ Number: '102' }])
  const members = await ask('GET', `/xapi/v1/Users(${String(user?.Id)})/Groups`)
  assert.equal(((members.json.value as Row[])[0] as Row).Name, 'Sales')
})

test('more than a hundred rows come in pages, and a larger $top is refused', async (t) => {
  const client = await openClient(t, { world: 'fleet-230' })
  const found: unknown[] = []
  let path = '/xapi/v1/Users?$select=Number&$orderby=Number'
  for (let pages = 0; path !== ''; pages += 1) {
    assert.ok(pages < 5)
    const { json } = await client.ask('GET', path)
    found.push(...(json.value as Row[]).map((row) => row.Number))
    const next = json['@odata.nextLink']
    path = typeof next === 'string' ? next.slice(client.simulator.url.length) : ''
  }
  assert.equal(new Set(found).size, 230)
  const refused = await client.ask('GET', '/xapi/v1/Users?$top=101')
  assert.equal(refused.status, 400)
  assert.match(refused.text, /limit of '100' for Top/)
})

test('rows are found by number key, text key and alternate key', async (t) => {
  const { ask, list } = await openClient(t)
  const byNumber = await ask('GET', "/xapi/v1/Users(Number='101')?$select=Id,FirstName")
  assert.equal(byNumber.json.FirstName, 'Béla')
  const byId = await ask('GET', `/xapi/v1/Users(${String(byNumber.json.Id)})`)
  assert.equal(byId.json.Number, '101')
  assert.match(String(byId.json['@odata.context']), /#Users\/\$entity$/)
  assert.equal((await ask('GET', "/xapi/v1/Sbcs('sbc-1')")).json.DisplayName, 'Warehouse')
  for (const path of [
    'Users(999999)',
    "Users('101')",
    "Users(Number='x''y')",
    'Users(',
    'Nothing',
    'Users(1)/Nothing',
  ])
    assert.equal((await ask('GET', `/xapi/v1/${path}`)).status, 404, path)
  assert.equal(
    (await list('/Peers')).some((row) => row.Number === '900' && row.Type === 'RoutePoint'),
    true,
  )
})

test('what cannot be understood is refused rather than ignored', async (t) => {
  const { ask } = await openClient(t)
  for (const query of [
    '$filter=Nothing%20eq%201',
    '$orderby=Number%2Bdesc',
    '$orderby=Nothing',
    '$top=x',
    '$select=Nothing',
    '$expand=Nothing',
    '$filer=1',
    '$filter=%E0%A4%A',
  ])
    assert.equal((await ask('GET', `/xapi/v1/Users?${query}`)).status, 400, query)
  assert.equal((await ask('PUT', '/xapi/v1/Users')).status, 405)
})

test('parameters of a function stand in their order, all of them', async (t) => {
  const { ask } = await openClient(t)
  const start = 'startDate=2026-01-01T00:00:00Z,endDate=2036-01-01T00:00:00Z'
  assert.equal(
    (await ask('GET', `/xapi/v1/ActivityLog/Pbx.GetLogs(${start},extension='100',call='',severity='')`))
      .status,
    200,
  )
  assert.equal(
    (await ask('GET', `/xapi/v1/ActivityLog/Pbx.GetLogs(extension='100',${start},call='',severity='')`))
      .status,
    404,
  )
  assert.equal(
    (await ask('GET', `/xapi/v1/ActivityLog/Pbx.GetLogs(${start},extension='100',call='')`)).status,
    404,
  )
  assert.equal((await ask('GET', '/xapi/v1/Defs/Pbx.GetSystemParameters')).status, 404)
  assert.equal((await ask('GET', '/xapi/v1/Defs/Pbx.GetSystemParameters()')).json.Version, '20.0.8.1')
})
