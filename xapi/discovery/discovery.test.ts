import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PRETEND_METADATA, pretendApi, pretendYaml } from '../testing/description.ts'
import { openClient, openPretendPbx } from '../testing/pbx.ts'
import { readApart } from './read-apart.ts'
import { isXapiError, memoryCacheStore, type CacheStore, type DriftReport, type XapiError } from '../xapi.ts'

/** A cache that tells what was kept. */
function watchedCache() {
  const inner = memoryCacheStore()
  const written: string[] = []
  const cache: CacheStore = {
    read: inner.read,
    write: async (key, text) => {
      written.push(key)
      await inner.write(key, text)
    },
  }
  return { cache, written, inner }
}

const ids = async (client: ReturnType<typeof openClient>) => (await client.operations()).map(({ id }) => id)

test('a description is fetched without a token, once, however many ask', async (t) => {
  const pbx = await openPretendPbx(t)
  const client = openClient(t, pbx)
  const all = await Promise.all(Array.from({ length: 10 }, () => client.operations()))
  assert.ok(all.every((one) => one === all[0]))
  assert.deepEqual(pbx.description.asked, ['/swagger.yaml'])
  assert.equal(pbx.heard[0]?.headers.authorization, undefined)
})

test('one that is only for those with a token is fetched with it', async (t) => {
  const pbx = await openPretendPbx(t)
  pbx.description.needsToken = true
  assert.ok((await ids(openClient(t, pbx))).includes('ListExtension'))
})

test('without YAML the JSON is read, without that the metadata', async (t) => {
  const pbx = await openPretendPbx(t)
  pbx.description.yaml = null
  pbx.description.json = JSON.stringify(pretendApi())
  assert.equal((await openClient(t, pbx, { cache: memoryCacheStore() }).describe()).source, 'swagger.json')
  pbx.description.json = '{"openapi": "3.0.4", "paths": {'
  pbx.description.metadata = PRETEND_METADATA
  const client = openClient(t, pbx, { cache: memoryCacheStore() })
  assert.equal((await client.describe()).source, '$metadata')
  pbx.on('', { body: {} })
  const last = () =>
    `${pbx.heard.at(-1)?.method} ${pbx.heard.at(-1)?.url.replace('/xapi/v1', '')} ${pbx.heard.at(-1)?.body}`
  await client.call('UpdateExtension', { Id: 3, body: { Number: '100', Mood: 'Busy' } })
  assert.equal(last(), 'PATCH /Users(3) {"Number":"100","Mood":"Busy"}')
  await client.call('Greet', { Id: 3, name: "d'Arc", since: new Date(0) })
  assert.equal(last(), "GET /Users(3)/Pbx.Greet(since=1970-01-01T00:00:00.000Z,name='d''Arc') ")
  await client.call('DeleteBackupFile', { FileName: 'a.zip' })
  assert.equal(last(), "DELETE /Backups('a.zip') ")
  await client.call('GetUpdates')
  assert.equal(last(), 'GET /GetUpdates() ')
  await client.call('UpdateOfficeHours', { body: { Text: 'Hi' } })
  assert.equal(last(), 'PATCH /OfficeHours {"Text":"Hi"}')
  await assert.rejects(
    client.call('BatchDelete', { body: { ids: ['1'] } }),
    /body\.ids\[0\]: must be a number/,
  )
})

test('from the cache no description is fetched while the version is the same', async (t) => {
  const pbx = await openPretendPbx(t)
  const { cache } = watchedCache()
  await openClient(t, pbx, { cache }).operations()
  assert.ok((await ids(openClient(t, pbx, { cache }))).includes('ListExtension'))
  assert.equal(pbx.description.asked.length, 1)
})

test('two PBXs of one build share what was read', async (t) => {
  const [one, other] = [await openPretendPbx(t), await openPretendPbx(t)]
  const { cache, written } = watchedCache()
  const [first, second] = [openClient(t, one, { cache }), openClient(t, other, { cache })]
  assert.equal(await first.describe(), await second.describe())
  assert.equal(new Set(written.filter((key) => key.startsWith('xapi-index'))).size, 1)
})

test('a spoilt cache is as good as none', async (t) => {
  const pbx = await openPretendPbx(t)
  const { cache, inner, written } = watchedCache()
  await openClient(t, pbx, { cache }).operations()
  const again = (): CacheStore => ({ read: inner.read, write: inner.write })
  for (const spoilt of ['{', '{"form":1}']) {
    for (const key of new Set(written)) await inner.write(key, spoilt)
    assert.ok((await ids(openClient(t, pbx, { cache: again() }))).includes('ListExtension'))
  }
})

function upgraded(): string {
  const api = pretendApi()
  const { paths, components } = api
  const users = paths['/Users'] as { get: { operationId: string } }
  users.get.operationId = 'ListUser'
  delete paths['/Recordings']
  paths['/Fresh'] = { get: { operationId: 'ListFresh', responses: {} } }
  const log = Object.keys(paths).find((path) => path.includes('GetCallLogData(')) ?? ''
  paths[log.replace('callsType={callsType},', '').replace(')', ',callsType={callsType})')] = paths[log] ?? {}
  delete paths[log]
  const target = components.schemas.Target as { properties: Record<string, { enum?: string[] }> }
  target.properties.Note = {}
  delete target.properties.External
  target.properties.To?.enum?.push('Moon')
  return pretendYaml(api)
}

test('an upgrade is noticed by the version of any answer, read again, and told', async (t) => {
  const pbx = await openPretendPbx(t)
  pbx.on('/SystemStatus', { body: {} })
  const reports: DriftReport[] = []
  const client = openClient(t, pbx, { cache: memoryCacheStore(), onDrift: (report) => reports.push(report) })
  await client.operations()
  pbx.version = '20.0.10.1'
  pbx.description.yaml = upgraded()
  await client.system.status()
  assert.ok((await ids(client)).includes('ListFresh'))
  const [report] = reports
  assert.equal(reports.length, 1)
  assert.deepEqual([report?.from.version, report?.to.version], ['20.0.9.1', '20.0.10.1'])
  assert.deepEqual([report?.added, report?.removed], [['ListFresh'], ['ListRecording']])
  assert.deepEqual(report?.renamed, [{ from: 'ListExtension', to: 'ListUser', path: '/Users' }])
  assert.deepEqual(report?.parameters, [{ id: 'GetCallLogData', added: [], removed: [], reordered: true }])
  assert.deepEqual(report?.schemas.fields, [
    { schema: 'Target', added: ['Note'], removed: ['External'], changed: ['To'] },
  ])
})

test('a PBX that tells no version is read again after a day', async (t) => {
  const pbx = await openPretendPbx(t)
  pbx.version = null
  const client = openClient(t, pbx)
  const start = Date.now()
  t.mock.timers.enable({ apis: ['Date'], now: start })
  await client.operations()
  t.mock.timers.setTime(start + 23 * 3_600_000)
  await client.operations()
  assert.equal(pbx.description.asked.length, 1)
  t.mock.timers.setTime(start + 25 * 3_600_000)
  await client.operations()
  assert.equal(pbx.description.asked.length, 2)
})

test('a later start hears of an upgrade that happened meanwhile; the same again is no drift', async (t) => {
  const pbx = await openPretendPbx(t)
  const cache = memoryCacheStore()
  await openClient(t, pbx, { cache }).operations()
  pbx.version = '20.0.10.1'
  pbx.description.yaml = upgraded()
  const reports: DriftReport[] = []
  const client = openClient(t, pbx, { cache, onDrift: (report) => reports.push(report) })
  await client.operations()
  assert.deepEqual(
    reports.map(({ added }) => added),
    [['ListFresh']],
  )
  assert.equal(await client.refresh(), null)
  pbx.description.yaml = pretendYaml()
  assert.deepEqual((await client.refresh())?.removed, ['ListFresh'])
})

test('a description that is out of order for a moment is neither absent nor replaced for good', async (t) => {
  const pbx = await openPretendPbx(t)
  pbx.on('/SystemStatus', { body: {} })
  const yaml = pbx.description.yaml
  pbx.description.status = 502
  const cache = memoryCacheStore()
  const client = openClient(t, pbx, { cache })
  await assert.rejects(client.system.status(), (error) => isXapiError(error, 'server'))
  pbx.description.metadata = PRETEND_METADATA
  assert.equal((await client.describe()).source, '$metadata')
  pbx.description.status = 200
  pbx.description.yaml = yaml
  assert.equal((await openClient(t, pbx, { cache }).describe()).source, 'swagger.yaml')
})

test('a PBX without a description still lends its well-known operations', async (t) => {
  const pbx = await openPretendPbx(t)
  pbx.description.yaml = null
  pbx.on('/Users', { body: { value: [{ Id: 1, Number: '100' }] } })
  const client = openClient(t, pbx, { cache: memoryCacheStore() })
  await assert.rejects(client.operations(), (error) => isXapiError(error, 'description'))
  assert.deepEqual(await Array.fromAsync(client.users.list()), [{ Id: 1, Number: '100' }])
  const asked = pbx.description.asked.length
  await Array.fromAsync(client.users.list())
  assert.equal(pbx.description.asked.length, asked)
})

function withSchema(
  change: (schemas: Record<string, object>, api: ReturnType<typeof pretendApi>) => void,
): string {
  const api = pretendApi()
  change(api.components.schemas, api)
  return pretendYaml(api)
}

test('a description that is made to hurt is refused by the client as clearly', async (t) => {
  const pbx = await openPretendPbx(t)
  pbx.description.yaml = `openapi: 3.0.4\npaths: ${'['.repeat(100_000)}`
  const client = openClient(t, pbx, { cache: memoryCacheStore() })
  await assert.rejects(client.operations(), (error: XapiError) => {
    assert.equal(error.kind, 'description', error.message)
    assert.match(error.message, /^The PBX's swagger\.yaml is no usable description: ./)
    return true
  })
})

test('what is being read already is not read twice', async () => {
  const bytes = new TextEncoder().encode(pretendYaml())
  const reading = readApart(bytes, 'swagger.yaml', 60_000)
  assert.equal(readApart(bytes.slice(), 'swagger.yaml', 60_000), reading)
  assert.equal((await reading).source, 'swagger.yaml')
})

test('reading that takes too long is given up', async () => {
  const bytes = new TextEncoder().encode(pretendYaml())
  await assert.rejects(readApart(bytes, 'swagger.yaml', 1), /reading it takes longer than 1 ms/)
})

test('a description longer than allowed is not read', async (t) => {
  const pbx = await openPretendPbx(t)
  const client = openClient(t, pbx, { cache: memoryCacheStore(), longestDescription: 1000 })
  await assert.rejects(
    client.operations(),
    /swagger\.yaml is no usable description: it is longer than 1000 bytes/,
  )
  const [first] = pbx.description.asked
  assert.equal(first, '/swagger.yaml')
})

test('schemas that lead to themselves or nowhere, and names that every object has, do no harm', async (t) => {
  const pbx = await openPretendPbx(t)
  pbx.description.yaml = withSchema((schemas, api) => {
    schemas.Loop = { $ref: '#/components/schemas/Loop' }
    schemas.Knot = { allOf: [{ $ref: '#/components/schemas/Knot' }] }
    Object.assign(schemas, { constructor: { type: 'string' } })
    schemas.Rule = {
      properties: {
        Loop: { $ref: '#/components/schemas/Loop' },
        Knot: { $ref: '#/components/schemas/Knot' },
        Gone: { $ref: '#/components/schemas/Gone' },
        Far: { $ref: 'https://example.invalid/schema.json' },
        Slow: { type: 'string', pattern: '^(a+)+$' },
        Name: { $ref: '#/components/schemas/toString' },
      },
    }
    api.paths['/__proto__'] = { get: { operationId: '__proto__' } }
  })
  pbx.on('', { body: {} })
  const client = openClient(t, pbx, { cache: memoryCacheStore() })
  const body = { Loop: 1, Knot: { a: 1 }, Gone: 'x', Far: [], Slow: `${'a'.repeat(50)}!`, Name: 5 }
  assert.deepEqual(await client.call('CreateRule', { body }), {})
  assert.deepEqual(await client.call('__proto__'), {})
  assert.deepEqual((await client.describe()).remarks, [
    'a reference leads nowhere: https://example.invalid/schema.json',
  ])
})
