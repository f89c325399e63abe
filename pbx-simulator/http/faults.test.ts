import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openClient } from '../test-client.ts'
import type { Role, Row } from '../model/pbx.ts'

const LOG =
  "/xapi/v1/ReportCallLogData/Pbx.GetCallLogData(periodFrom=2020-01-01T00:00:00Z,periodTo=2040-01-01T00:00:00Z,sourceType=0,sourceFilter='',destinationType=0,destinationFilter='',callsType=0,callTimeFilterType=0,callTimeFilterFrom='0:00:0',callTimeFilterTo='0:00:0',hidePcalls=true)"

/** Status of: reading users, changing a user, adding a trunk, the call log, the system. */
const expected: Readonly<Record<Role, readonly number[]>> = {
  system_owners: [200, 204, 201, 200, 200],
  system_admins: [200, 204, 201, 403, 200],
  group_owners: [200, 204, 403, 200, 403],
  managers: [200, 204, 403, 200, 403],
  group_admins: [200, 204, 403, 200, 403],
  receptionists: [200, 403, 403, 200, 403],
  users: [200, 403, 403, 403, 403],
}

for (const [role, statuses] of Object.entries(expected)) {
  test(`the role ${role} may do what was seen of it`, async (t) => {
    const { ask, simulator } = await openClient(t, { role: role as Role })
    const user = simulator.pbx.store.numbered('Users', '100')
    const replies = [
      await ask('GET', '/xapi/v1/Users'),
      await ask('PATCH', `/xapi/v1/Users(${String(user?.Id)})`, { FirstName: 'A' }),
      await ask('POST', '/xapi/v1/Trunks', {}),
      await ask('GET', LOG),
      await ask('GET', '/xapi/v1/SystemStatus'),
    ]
    assert.deepEqual(
      replies.map(({ status }) => status),
      statuses,
    )
  })
}

test('a client without configuration access is turned away from it', async (t) => {
  const { ask, simulator } = await openClient(t)
  const row = simulator.pbx.store.numbered('ServicePrincipals', 'simulator')
  await ask('PATCH', `/xapi/v1/ServicePrincipals(${String(row?.Id)})`, { XAPIEnabled: false })
  assert.equal((await ask('GET', '/xapi/v1/Users')).status, 403)
})

test('faults are switched on and off while it runs', async (t) => {
  const { ask, control } = await openClient(t)
  const status = async (): Promise<number> => (await ask('GET', '/xapi/v1/Users')).status
  assert.equal((await control('POST', '/faults', { name: '500', path: '/Users' })).status, 200)
  assert.deepEqual([await status(), (await ask('GET', '/xapi/v1/Defs')).status], [500, 200])
  assert.equal((await ask('GET', '/xapi/v1/Users')).text, '')
  await control('DELETE', '/faults')
  await control('POST', '/faults', { fault: '429=7x1' })
  const busy = await ask('GET', '/xapi/v1/Users')
  assert.deepEqual([busy.status, busy.headers.get('retry-after')], [429, '7'])
  assert.equal(await status(), 200)
  assert.equal((await control('POST', '/faults', { name: 'sulking' })).status, 400)
})

test('dropped cuts the connection, hang answers nothing until it is lifted', async (t) => {
  const { ask, control, simulator } = await openClient(t, { faults: ['dropped@/Users'] })
  await assert.rejects(ask('GET', '/xapi/v1/Users'))
  simulator.faults.clear()
  simulator.faults.set('hang')
  let isAnswered = false
  const waiting = ask('GET', '/xapi/v1/Defs').then((reply) => {
    isAnswered = true
    return reply
  })
  while (simulator.requests.list().at(-1)?.path !== '/xapi/v1/Defs') await new Promise(setImmediate)
  // Two questions at the other door take their turns after the one that hangs.
  for (let turn = 0; turn < 2; turn += 1) assert.equal((await control('GET', '/')).status, 200)
  assert.equal(isAnswered, false)
  simulator.faults.clear()
  assert.equal((await waiting).status, 200)
})

test('lost carries out what was asked for and cuts the connection before the answer', async (t) => {
  const { ask, simulator } = await openClient(t, { faults: ['lostx1@/Contacts'] })
  const contacts = () => simulator.pbx.store.rows('Contacts').length
  const before = contacts()
  await assert.rejects(ask('POST', '/xapi/v1/Contacts', { FirstName: 'A', PhoneNumber: '1' }))
  assert.equal(contacts(), before + 1)
  assert.equal((await ask('GET', '/xapi/v1/Contacts')).status, 200)
})

test('slow delays, and closing the simulator does not wait for it', async (t) => {
  const { ask, simulator } = await openClient(t)
  simulator.faults.set('slow=5')
  assert.equal((await ask('GET', '/xapi/v1/Defs')).status, 200)
  simulator.faults.set('slow=600000')
  const cut = assert.rejects(ask('GET', '/xapi/v1/Defs'))
  while (simulator.requests.list().at(-1)?.status !== null) await new Promise(setImmediate)
  await simulator.close()
  await cut
})

test('top lowers the limit of every list, reports too', async (t) => {
  const { ask, simulator } = await openClient(t)
  assert.equal((await ask('GET', `${LOG}?$top=1000`)).status, 200)
  simulator.faults.set('top=5')
  assert.equal((await ask('GET', '/xapi/v1/Users?$top=6')).status, 400)
  assert.equal((await ask('GET', `${LOG}?$top=6`)).status, 400)
  assert.equal((await ask('GET', '/xapi/v1/Users?$top=5')).status, 200)
})

test('expired-token lets a token be used once, and answers with the status asked for', async (t) => {
  const { ask, signIn, simulator } = await openClient(t)
  simulator.faults.set('expired-token=403')
  await signIn()
  assert.equal((await ask('GET', '/xapi/v1/Defs')).status, 200)
  assert.equal((await ask('GET', '/xapi/v1/Defs')).status, 403)
})

test('clock-skew shifts what the PBX says the time is', async (t) => {
  const { ask, simulator } = await openClient(t)
  simulator.faults.set('clock-skew=7200000')
  const { headers } = await ask('GET', '/xapi/v1/Defs')
  const ahead = Date.parse(headers.get('date') ?? '') - Date.now()
  assert.ok(ahead > 7_100_000 && ahead < 7_300_000, String(ahead))
})

test('a plus in a query is a space, and with the fault plus a plus', async (t) => {
  const { ask, simulator } = await openClient(t)
  const sorted = '/xapi/v1/Users?$orderby=Number+desc'
  assert.equal((await ask('GET', sorted)).status, 200)
  simulator.faults.set('plus')
  assert.equal((await ask('GET', sorted)).status, 400)
})

test('the record holds every request, without secrets', async (t) => {
  const { ask, control, simulator } = await openClient(t)
  await ask('POST', '/xapi/v1/Users', { FirstName: 'Ida', AuthPassword: 'hunter2' })
  const requests = (await control('GET', '/requests')).json as unknown as Row[]
  const last = requests.at(-1)
  assert.deepEqual(
    [last?.method, last?.path, last?.status, last?.clientId],
    ['POST', '/xapi/v1/Users', 201, 'simulator'],
  )
  assert.equal((last?.body as Row | undefined)?.FirstName, 'Ida')
  const text = JSON.stringify(requests)
  assert.ok(!text.includes('hunter2') && !text.includes(simulator.clientSecret))
})

test('the control is closed to everybody without its token', async (t) => {
  const { simulator, ask } = await openClient(t)
  for (const path of ['/simulator', '/simulator/faults', '/simulator/requests', '/simulator/nothing'])
    assert.equal((await ask('GET', path)).status, 401, path)
  assert.equal((await fetch(`${simulator.url}/simulator/faults`, { method: 'DELETE' })).status, 401)
})
