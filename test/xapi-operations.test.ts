import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { ADMIN_TOKEN, type Json } from './hub.ts'
import { changesOf, newPbxBehind, told } from './pbx-behind.ts'

test('its operations are listed, found by words, tag and method, and shown with all they take', async (t) => {
  const { ask, host, simulator } = await newPbxBehind(t, 'sqlite')
  const at = `/api/v1/pbx3cx/${host.code}/xapi/operations`
  const all = told(await ask('GET', at), 200)
  assert.ok(all.total > 150 && all.data.length === all.total && all.version.startsWith('20.'))
  const ids = async (query: string): Promise<string[]> =>
    told(await ask('GET', `${at}?${query}`), 200).data.map((one: Json) => one.id)
  assert.ok((await ids('search=parking%20number')).includes('GetParkingByNumber'))
  assert.deepEqual(await ids('tag=parkings&method=POST'), ['CreateParking'])
  assert.deepEqual(await ids('search=nothing-is-called-that'), [])
  const one = (id: string): Json => all.data.find((operation: Json) => operation.id === id)
  assert.deepEqual(
    ['ListUser', 'UpdateUser', 'BatchDelete', 'DeleteUser'].map((id) => [one(id).writes, one(id).confirm]),
    [
      [false, false],
      [true, false],
      [true, true],
      [true, false],
    ],
  )
  const shape = told(await ask('GET', `${at}/UpdateParking`), 200)
  const { parameters, body } = shape.input.properties
  assert.deepEqual(
    [parameters.required, parameters.properties.Id.type, typeof body],
    [['Id'], 'integer', 'object'],
  )
  told(await ask('GET', `${at}/ListUsers`), 404, 'pbx_operation_unknown')
  assert.equal(simulator.requests.list().filter(({ path }) => path.includes('swagger')).length, 1)
})

test('it is read by declared names, by the host’s id or code', async (t) => {
  const { ask, host, call, simulator } = await newPbxBehind(t, 'sqlite')
  const read = await call('ListUser', { parameters: { $top: 2, $select: ['Id', 'Number'] } })
  assert.equal(read.headers.get('cache-control'), 'no-store')
  const { status, headers, body } = told(read, 200)
  assert.deepEqual([status, headers['content-type'].split(';')[0]], [200, 'application/json'])
  assert.deepEqual(
    body.value.map(({ Id, Number }: Json) => [Id, Number]),
    simulator.pbx.store
      .rows('Users')
      .slice(0, 2)
      .map((row) => [row['Id'], row['Number']]),
  )
  const byCode = await ask('POST', `/api/v1/pbx3cx/${host.code}/xapi/GetUserByNumber`, {
    body: { parameters: { Number: '100' } },
  })
  assert.equal(told(byCode, 200).body.Number, '100')
  assert.deepEqual(await changesOf({ ask }), [])
})

test('what cannot be taken back wants its id once more, and nothing is sent without', async (t) => {
  const { call, simulator } = await newPbxBehind(t, 'sqlite')
  const name = simulator.pbx.store.rows('Services')[0]?.['Name']
  const body = { options: { ServiceNames: [name] } }
  for (const confirm of [undefined, null, 'Stop', 'restart']) {
    const refused = await call('Restart', { body, ...(confirm === undefined ? {} : { confirm }) })
    assert.deepEqual(told(refused, 422, 'confirmation_required').errors, { confirm: ['Must be Restart.'] })
  }
  assert.ok(!simulator.requests.list().some(({ path }) => path.includes('Services')))
  told(await call('Restart', { body, confirm: 'Restart' }), 200)
})

test('a wrong field is named: by the description before anything is sent, else by the PBX', async (t) => {
  const { ask, call, simulator } = await newPbxBehind(t, 'sqlite')
  told(await call('ListParking'), 200)
  const before = simulator.requests.list().length
  const ours = await call('CreateUser', { parameters: { Top: 1 }, body: { Numbr: '1', Enabled: 'yes' } })
  assert.deepEqual(Object.keys(told(ours, 422, 'validation_failed').errors).sort(), [
    'Top',
    'body.Enabled',
    'body.Numbr',
  ])
  told(await call('GetUser', { parameters: { Id: 'x' } }), 422, 'validation_failed')
  told(await call('GetUser'), 422, 'validation_failed')
  told(await call('GetUser', { parameters: { body: {} } }), 422, 'validation_failed')
  told(await call('GetUser', { id: 1 }), 422, 'validation_failed')
  assert.equal(simulator.requests.list().length, before, 'nothing was sent')
  const theirs = told(await call('CreateGroup', { body: {} }), 422, 'pbx_refused')
  assert.deepEqual(Object.keys(theirs.errors), ['Name'])
  assert.match(theirs.message, /400/)
  assert.match(told(await call('ListUsers'), 404, 'pbx_operation_unknown').message, /ListUser\b/)
  assert.deepEqual(await changesOf({ ask }), [])
})

test('a PBX that is not there, does not answer or refuses its client is told apart', async (t) => {
  const { ask, host, call, simulator } = await newPbxBehind(t, 'sqlite')
  const settle = async (change: Json) =>
    told(await ask('PATCH', `/api/v1/pbx3cx-hosts/${host.id}`, { body: change }), 200)
  told(await call('ListParking'), 200)

  simulator.faults.set('hang@/Parkings')
  told(await call('ListParking', { timeout_ms: 200 }), 504, 'pbx_timeout')
  simulator.faults.clear()
  simulator.faults.set('500@/Parkings')
  told(await call('ListParking'), 502, 'pbx_failed')
  simulator.faults.clear()

  await settle({ xapi_client_secret: 'wrong' })
  told(await call('ListParking'), 502, 'pbx_credentials_refused')
  await settle({ xapi_client_secret: null })
  told(await call('ListParking'), 409, 'pbx_not_configured')
  await settle({ xapi_client_secret: simulator.clientSecret, active: false })
  told(await call('ListParking'), 409, 'pbx_inactive')
  await settle({ active: true })
  told(await call('ListParking'), 200)
  await settle({ xapi_url: null, host_name: 'pbx.example/?a=b' })
  told(await call('ListParking'), 409, 'pbx_not_configured')

  const closed = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => closed.once('listening', resolve))
  const { port } = closed.address() as { port: number }
  await new Promise((resolve) => closed.close(resolve))
  await settle({ xapi_url: `http://127.0.0.1:${port}` })
  told(await call('ListParking'), 502, 'pbx_unreachable')
})

test('the role of the API client is the reason of a 403, in words', async (t) => {
  const { call } = await newPbxBehind(t, 'sqlite', { role: 'users' })
  const { message } = told(
    await call('UpdateParking', { parameters: { Id: 1 }, body: {} }),
    403,
    'pbx_forbidden',
  )
  assert.match(message, /role of the API client/)
})

test('a file comes as the PBX sends it', async (t) => {
  const { hub, host, call } = await newPbxBehind(t, 'sqlite')
  const { value } = told(await call('ListRecording', { parameters: { $top: 1 } }), 200).body
  const parameters = { recId: value[0].Id }
  const response = await fetch(`${hub.url}/api/v1/pbx3cx/${host.id}/xapi/DownloadRecording`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${ADMIN_TOKEN}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ parameters }),
  })
  assert.equal(response.status, 200)
  assert.match(response.headers.get('content-type') ?? '', /^audio\//)
  assert.match(response.headers.get('content-disposition') ?? '', /^attachment; filename\*=/)
  const bytes = Buffer.from(await response.arrayBuffer())
  assert.equal(bytes.subarray(0, 4).toString('latin1'), 'RIFF')
  assert.equal(bytes.length, Number(response.headers.get('content-length')))
})
