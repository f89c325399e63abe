import assert from 'node:assert/strict'
import { buffer } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { pretendApi, pretendYaml } from '../testing/description.ts'
import { openClient, openPretendPbx, type Reply } from '../testing/pbx.ts'
import { isXapiError, type XapiClient } from '../xapi.ts'

/** A PBX without a description: what is sent is what this client knows by heart. */
async function world(t: TestContext, body: unknown = { value: [] }) {
  const pbx = await openPretendPbx(t)
  pbx.description.yaml = null
  pbx.on('', { body })
  const sent = () => {
    const { method, url, body: text } = pbx.heard.at(-1) ?? { method: '', url: '', body: '' }
    return `${method} ${decodeURIComponent(url.replace('/xapi/v1', ''))} ${text}`.trim()
  }
  return { pbx, client: openClient(t, pbx), sent }
}

const USERS = '/Users'
const all = (rows: AsyncIterable<unknown>) => Array.fromAsync(rows)
const page = '$top=100&$skip=0&$count=true'

const CALLS: readonly [what: string, call: (client: XapiClient) => Promise<unknown>, sent: string][] = [
  [
    'users',
    (c) => all(c.users.list({ $select: ['Id', 'Number'], $expand: ['Groups'] })),
    `GET /Users?${page}&$select=Id,Number&$expand=Groups`,
  ],
  ['one user', (c) => c.users.get(5, { $expand: ['Groups'] }), 'GET /Users(5)?$expand=Groups'],
  ['a user by number', (c) => c.users.byNumber('100'), "GET /Users(Number='100')"],
  ['a new user', (c) => c.users.create({ Number: '100' }), 'POST /Users {"Number":"100"}'],
  ['a changed user', (c) => c.users.update(5, { Enabled: false }), 'PATCH /Users(5) {"Enabled":false}'],
  ['a removed user', (c) => c.users.remove(5), 'DELETE /Users(5)'],
  ['removed users', (c) => c.users.removeAll([5, 6]), `POST ${USERS}/Pbx.BatchDelete {"ids":[5,6]}`],
  [
    'the first free number',
    (c) => c.users.firstFreeNumber(),
    `GET ${USERS}/Pbx.GetFirstAvailableExtensionNumber()`,
  ],
  [
    'a call that is made',
    (c) => c.users.makeCall({ dn: '100', destination: '+361' }),
    `POST ${USERS}/Pbx.MakeCall {"dn":"100","destination":"+361"}`,
  ],
  ['departments', (c) => all(c.groups.list()), `GET /Groups?${page}`],
  ['a removed department', (c) => c.groups.remove(3), 'POST /Groups/Pbx.DeleteCompanyById {"id":3}'],
  ['queues', (c) => all(c.queues.list()), `GET /Queues?${page}`],
  ['a ring group by number', (c) => c.ringGroups.byNumber('800'), "GET /RingGroups(Number='800')"],
  ['a changed IVR', (c) => c.ivrs.update(1, { Timeout: 3 }), 'PATCH /Receptionists(1) {"Timeout":3}'],
  ['contacts', (c) => all(c.contacts.list({ $search: 'Ann' })), `GET /Contacts?${page}&$search=Ann`],
  ['trunks', (c) => all(c.trunks.list()), `GET /Trunks?${page}`],
  [
    'a trunk of a template',
    (c) => c.trunks.fromTemplate('a.pv.xml'),
    "GET /Trunks/Pbx.InitTrunk(template='a.pv.xml')",
  ],
  ['a trunk that registers', (c) => c.trunks.register(9), 'POST /Trunks/Pbx.RefreshRegistration {"id":9}'],
  ['DIDs', (c) => all(c.dids.list()), `GET /DidNumbers?${page}`],
  [
    'inbound rules with their trunk',
    (c) => all(c.inboundRules.list()),
    `GET /InboundRules?${page}&$expand=TrunkDN`,
  ],
  [
    'removed inbound rules',
    (c) => c.inboundRules.removeAll([1, 2]),
    'POST /InboundRules/Pbx.BulkInboundRulesDelete {"ids":[1,2]}',
  ],
  [
    'the overview of rules',
    (c) => all(c.inboundRules.overview()),
    `GET /ReportInboundRules/Pbx.GetInboundRulesData()?${page}`,
  ],
  [
    'a new holiday',
    (c) => c.holidays.create({ Name: 'May Day', Day: 1, Month: 5 }),
    'POST /Holidays {"Name":"May Day","Day":1,"Month":5}',
  ],
  ['office hours', (c) => c.officeHours.get(), 'GET /OfficeHours'],
  [
    'changed office hours',
    (c) => c.officeHours.update({ TimeZoneId: '7' }),
    'PATCH /OfficeHours {"TimeZoneId":"7"}',
  ],
  ['the last change of the log', (c) => c.callLog.lastChange(), 'GET /LastCdrAndChatMessageTimestamp'],
  ['active calls', (c) => all(c.activeCalls.list()), `GET /ActiveCalls?${page}`],
  ['a call that is ended', (c) => c.activeCalls.drop(4), 'POST /ActiveCalls(4)/Pbx.DropCall'],
  [
    'recordings',
    (c) => all(c.recordings.list({ $filter: 'Id gt 5' })),
    `GET /Recordings?${page}&$filter=Id gt 5`,
  ],
  [
    'one recording',
    (c) => c.recordings.find(5),
    'GET /Recordings?$top=1&$skip=0&$count=true&$filter=Id eq 5',
  ],
  [
    'removed recordings',
    (c) => c.recordings.removeAll([5]),
    'POST /Recordings/Pbx.BulkRecordingsDelete {"ids":[5]}',
  ],
  ['whether a backup may begin', (c) => c.backups.mayCreate(), 'GET /Backups/Pbx.GetCanCreateBackup()'],
  [
    'a backup',
    (c) => c.backups.create({ name: 'nightly', contents: { CallHistory: true } }),
    'POST /Backups/Pbx.Backup {"description":{"Name":"nightly.zip","Contents":{"CallHistory":true}}}',
  ],
  ['a removed backup', (c) => c.backups.remove("it's.zip"), "DELETE /Backups('it''s.zip')"],
  ['the status', (c) => c.system.status(), 'GET /SystemStatus'],
  ['the licence', (c) => c.system.license(), 'GET /LicenseStatus'],
  ['the health', (c) => c.system.health(), 'GET /SystemStatus/Pbx.SystemHealthStatus()'],
  ['the parameters', (c) => c.system.parameters(), 'GET /Defs/Pbx.GetSystemParameters()'],
  ['the audit log', (c) => all(c.system.auditLog()), `GET /ReportAuditLog/Pbx.GetAuditLogData()?${page}`],
  ['CDR settings', (c) => c.cdrSettings.update({ Enabled: true }), 'PATCH /CDRSettings {"Enabled":true}'],
  [
    'a test of the CRM',
    (c) => c.crm.test({ mode: 'PhoneExact', query: '1' }),
    'POST /CrmIntegration/Pbx.Test {"mode":"PhoneExact","query":"1"}',
  ],
]

test('each thing a hub does is the request the PBX knows', async (t) => {
  const { client, sent } = await world(t)
  for (const [what, call, wanted] of CALLS) {
    await call(client)
    // The order of query options says nothing.
    const sorted = (line: string) => line.split(/[?&]/).sort().join('&')
    assert.equal(sorted(sent()), sorted(wanted), what)
  }
})

test('the call log is asked with every parameter in its order, by its old name where there is no newer', async (t) => {
  const { pbx, client, sent } = await world(t)
  const period = {
    from: new Date('2026-03-04T00:00:00Z'),
    to: new Date('2026-03-05T00:00:00Z'),
    source: "O'B",
  }
  const wanted =
    "(periodFrom=2026-03-04T00:00:00.000Z,periodTo=2026-03-05T00:00:00.000Z,sourceType=0,sourceFilter='O''B',destinationType=0,destinationFilter='',callsType=0,callTimeFilterType=0,callTimeFilterFrom='0:00:0',callTimeFilterTo='0:00:0',hidePcalls=true)"
  await all(client.callLog.rows(period))
  assert.equal(sent(), `GET /ReportCallLogData/Pbx.GetCallLogData${wanted}?${page}`)
  pbx.on('/ReportCallLogData/Pbx.GetCallLogData', { status: 404 })
  await all(client.callLog.rows(period))
  assert.equal(sent(), `GET /ReportCallLogData/Pbx.GetOldCallLogData${wanted}?${page}`)
})

test('by the description, the old name is taken without asking for the new one', async (t) => {
  const pbx = await openPretendPbx(t)
  const api = pretendApi()
  const path = Object.keys(api.paths).find((one) => one.includes('GetCallLogData(')) ?? ''
  api.paths[path.replace('GetCallLogData', 'GetOldCallLogData')] = api.paths[path] ?? {}
  delete api.paths[path]
  pbx.description.yaml = pretendYaml(api)
  pbx.on('/ReportCallLogData', { body: { value: [] } })
  await all(openClient(t, pbx).callLog.rows({ from: new Date(0), to: new Date(1) }))
  const asked = pbx.heard.filter((one) => one.path.startsWith('/ReportCallLogData'))
  assert.deepEqual(
    asked.map((one) => one.path.split('(')[0]),
    ['/ReportCallLogData/Pbx.GetOldCallLogData'],
  )
})

test('the version is told by whichever place the role may see', async (t) => {
  const { pbx, client } = await world(t, {})
  assert.equal(await client.system.version(), null)
  pbx.on('/SystemStatus', { body: { Version: '20.0.9' } })
  pbx.on('/Defs/Pbx.GetSystemParameters', { status: 403 })
  assert.equal(await client.system.version(), '20.0.9')
  pbx.on('/Defs/Pbx.GetSystemParameters', { body: { Version: '20.0.10' } })
  assert.equal(await client.system.version(), '20.0.10')
})

test('what the description lacks is unsupported, and nothing is sent for it', async (t) => {
  const pbx = await openPretendPbx(t)
  const client = openClient(t, pbx)
  await client.operations()
  const before = pbx.heard.length
  for (const call of [
    () => client.officeHours.get(),
    () => all(client.queues.list()),
    () => client.crm.test({ mode: 'Email', query: '' }),
  ]) {
    await assert.rejects(call(), (error) => isXapiError(error, 'unsupported'))
  }
  assert.equal(pbx.heard.length, before)
})

test('nobody with that number is null, on PBXs with and without keys by number', async (t) => {
  const pbx = await openPretendPbx(t)
  const answers: Reply[] = [{ status: 404 }, { body: { value: [] } }, { body: { value: [{ Id: 1 }] } }]
  pbx.on('/Users', () => answers.shift() ?? { status: 500 })
  assert.equal(await openClient(t, pbx).users.byNumber('1'), null)
  const api = pretendApi()
  delete api.paths['/Users(Number={Number})']
  pbx.description.yaml = pretendYaml(api)
  pbx.version = '20.0.5'
  const client = openClient(t, pbx)
  assert.equal(await client.users.byNumber("1'"), null)
  assert.match(decodeURIComponent(pbx.heard.at(-1)?.url ?? ''), /\$filter=Number eq '1'''/)
  assert.deepEqual(await client.users.byNumber('1'), { Id: 1 })
})

test('a helper is checked against the description as any call is', async (t) => {
  const pbx = await openPretendPbx(t)
  const client = openClient(t, pbx)
  const rule = { RuleName: 'Night', OfficeHoursDestination: { To: 'Nowhere' } }
  await assert.rejects(client.inboundRules.create(rule), (error) => {
    assert.ok(isXapiError(error, 'validation'))
    assert.equal(error.problems[0]?.field, 'body.OfficeHoursDestination.To')
    return true
  })
})

test('a backup is fetched by its link, with the token only where the link alone is refused', async (t) => {
  const pbx = await openPretendPbx(t)
  const client = openClient(t, pbx)
  const file: Reply = { headers: { 'content-type': 'application/zip' }, body: Buffer.from('PK') }
  pbx.on('/open', file)
  pbx.on('/closed', file)
  for (const [link, withToken] of [
    ['/open/a.zip?ticket=1', [false]],
    ['closed/a.zip', [false, true]],
  ] as const) {
    pbx.heard.length = 0
    const { body, contentType } = await client.backups.download({ DownloadLink: link })
    assert.equal((await buffer(body)).toString(), 'PK')
    assert.equal(contentType, 'application/zip')
    const asked = pbx.heard.filter((one) => one.url !== '/connect/token')
    assert.deepEqual(
      asked.map((one) => 'authorization' in one.headers),
      withToken,
    )
  }
  for (const DownloadLink of [
    'https://elsewhere.example/a.zip',
    '//elsewhere.example/a.zip',
    '',
    undefined,
  ]) {
    await assert.rejects(client.backups.download({ DownloadLink }), (error) =>
      isXapiError(error, 'not_found'),
    )
  }
})
