import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openClient, type Client } from '../test-client.ts'
import type { Row } from '../model/pbx.ts'

type Walk = { set: string; create: Row; change: Row; numbered?: boolean }

const walks: readonly Walk[] = [
  { set: 'Users', create: {}, change: { FirstName: 'Zoé' }, numbered: true },
  { set: 'Groups', create: { Name: 'Group 1' }, change: { CurrentGroupHours: 'ForceClosed' } },
  { set: 'Queues', create: { AnnouncementInterval: 50 }, change: { Name: 'Later' }, numbered: true },
  { set: 'RingGroups', create: { Name: 'RG' }, change: { RingTime: 5 }, numbered: true },
  { set: 'Receptionists', create: { Name: 'IVR' }, change: { Timeout: 9 }, numbered: true },
  { set: 'Parkings', create: { Number: 'SP100' }, change: { TranscriptionMode: 'Nothing' }, numbered: true },
  { set: 'Trunks', create: {}, change: { DidNumbers: ['+361', '+362'] }, numbered: true },
  { set: 'OutboundRules', create: { Name: 'To Spain', Prefix: '+34' }, change: { Prefix: '0034' } },
  { set: 'Holidays', create: { Name: 'Day', Day: 29, Month: 2 }, change: { Day: 28 } },
  { set: 'Contacts', create: { FirstName: 'N', PhoneNumber: '1' }, change: { Email: 'n@example.com' } },
  { set: 'ServicePrincipals', create: { Number: 'sptest' }, change: { CallControlEnabled: true } },
  { set: 'Parameters', create: { Name: 'P', Value: '1' }, change: { Value: '2' } },
]

async function fax({ ask }: Client): Promise<Walk> {
  const { '@odata.context': _context, ...init } = (await ask('GET', '/xapi/v1/Fax/Pbx.InitFax()')).json
  return { set: 'Fax', create: init, change: { OutboundCallerId: '1' }, numbered: true }
}

async function walk({ ask }: Client, { set, create, change, numbered }: Walk): Promise<void> {
  const made = await ask('POST', `/xapi/v1/${set}`, create)
  assert.equal(made.status, 201, `${set}: ${made.text}`)
  assert.match(made.headers.get('location') ?? '', new RegExp(`${set}\\(${String(made.json.Id)}\\)$`))
  const one = `/xapi/v1/${set}(${String(made.json.Id)})`
  assert.equal((await ask('PATCH', one, change)).status, 204, set)
  const read = (await ask('GET', one)).json
  for (const [field, value] of Object.entries(change)) assert.deepEqual(read[field], value, `${set}.${field}`)
  for (const field of Object.keys(made.json).filter((name) => !(name in change) && !name.startsWith('@')))
    if (!['DisplayName', 'LastUsed'].includes(field))
      assert.deepEqual(read[field], made.json[field], `${set}.${field} is kept`)
  if (numbered) {
    const number = String(made.json.Number)
    assert.equal((await ask('GET', `/xapi/v1/${set}(Number='${number}')`)).json.Id, made.json.Id)
    assert.equal((await ask('PATCH', one, { Number: number })).status, 204)
    const refused = await ask('PATCH', one, { Number: '100' })
    assert.equal(refused.status, 400)
    assert.match(refused.text, /Number.*WARNINGS\.XAPI\.FORBIDDEN_CHANGE/s)
  }
  assert.equal((await ask('DELETE', one)).status, 204)
  assert.equal((await ask('GET', one)).status, 404)
}

test('every entity is created, read, changed field by field, and removed', async (t) => {
  const client = await openClient(t)
  for (const one of walks) await walk(client, one)
  await walk(client, await fax(client))
})

test('what is wrong is refused with the field and the symbol', async (t) => {
  const { ask, list } = await openClient(t)
  const [trunk] = await list('/Trunks')
  const rule = { Condition: 'BasedOnDID', Data: '+3615550115', TrunkDN: { Number: '10000' } }
  const refusals: readonly [string, Row, string, string][] = [
    ['Users', { Number: '100' }, 'Number', 'XAPI.ALREADY_IN_USE'],
    ['Users', { Number: '800' }, 'Number', 'XAPI.ALREADY_IN_USE'],
    ['Users', { EmailAddress: 'no' }, 'EmailAddress', 'INVALID'],
    ['Users', { Nothing: 1 }, 'Nothing', 'INVALID'],
    ['Users', { Enabled: 'yes' }, 'Enabled', 'INVALID'],
    ['Users', { Groups: [{ GroupId: 9999 }] }, 'Groups', 'XAPI.NOT_FOUND'],
    ['Users', { Groups: [null] }, 'Groups', 'INVALID'],
    ['Queues', { Agents: [{ Number: '999' }] }, 'Agents', 'XAPI.NON_EXISTENT_EXT_NUMBER'],
    ['Queues', { PollingStrategy: 'Everybody' }, 'PollingStrategy', 'INVALID'],
    ['Groups', { Name: 'Sales' }, 'Name', 'XAPI.ALREADY_IN_USE'],
    ['Contacts', { FirstName: 'Nobody' }, 'PhoneNumber', 'CONTACTS_SPECIFY_PHONE'],
    ['Holidays', { Name: 'Never', Day: 30, Month: 2 }, 'Day', 'XAPI.OUT_OF_THE_RANGE'],
    ['Trunks', { DidNumbers: ['1', '1'] }, 'DidNumbers', 'XAPI.DUPLICATE'],
    ['InboundRules', { ...rule, Data: '+49' }, 'Data', 'XAPI.NOT_FOUND'],
    ['InboundRules', { ...rule, Data: '+3615550110' }, 'Data', 'XAPI.ALREADY_IN_USE'],
    ['InboundRules', { ...rule, TrunkDN: { Number: '100' } }, 'TrunkDN', 'XAPI.NOT_FOUND'],
    ['InboundRules', { ...rule, Condition: 'NoAnswer' }, 'Condition', 'INVALID'],
    [
      'InboundRules',
      { ...rule, OfficeHoursDestination: { To: 'Queue', Number: '100' } },
      'OfficeHoursDestination.Number',
      'XAPI.NOT_FOUND',
    ],
  ]
  for (const [set, body, field, symbol] of refusals) {
    const { status, json } = await ask('POST', `/xapi/v1/${set}`, body)
    const error = json.error as Row
    assert.equal(status, 400, `${set} ${JSON.stringify(body)}`)
    assert.deepEqual((error.details as Row[])[0], { code: '', message: `WARNINGS.${symbol}`, target: field })
    assert.match(String(error.message), new RegExp(`WARNINGS.${symbol.replace('.', '\\.')}`))
  }
  assert.equal(
    (await ask('POST', '/xapi/v1/InboundRules', { ...rule, TrunkDN: { Id: trunk?.Id } })).status,
    201,
  )
})

test('an inbound rule of the smallest form is completed, exported, reported and removed with others', async (t) => {
  const { ask, list } = await openClient(t)
  const made = await ask('POST', '/xapi/v1/InboundRules', {
    RuleName: 'Night watch',
    Condition: 'BasedOnCallerID',
    Data: '*3012345',
    TrunkDN: { Number: '10000' },
    OfficeHoursDestination: { To: 'Queue', Number: '800', External: '' },
    AlterDestinationDuringOutOfOfficeHours: false,
    AlterDestinationDuringHolidays: false,
  })
  assert.equal(made.status, 201)
  assert.deepEqual(made.json.HolidaysDestination, {
    To: 'None',
    Type: 'None',
    Number: '',
    Name: '',
    External: '',
    Tags: [],
  })
  const [shown] = await list(`/InboundRules?$filter=Id%20eq%20${String(made.json.Id)}&$expand=TrunkDN`)
  assert.equal((shown?.TrunkDN as Row | undefined)?.Type, 'ExternalLine')
  assert.deepEqual(
    (await list('/InboundRules/Pbx.ExportCallerIdRules()')).map((row) => row.RuleName),
    ['Night watch'],
  )
  assert.equal((await list('/ReportInboundRules/Pbx.GetInboundRulesData()')).length, 6)
  const bulk = (ids: unknown[]) => ask('POST', '/xapi/v1/InboundRules/Pbx.BulkInboundRulesDelete', { ids })
  assert.equal((await bulk([made.json.Id, 9999])).status, 400)
  assert.equal((await list('/InboundRules')).length, 6)
  assert.equal((await bulk([made.json.Id])).status, 204)
  assert.equal((await list('/InboundRules')).length, 5)
})

test('the rule of a number goes when the number leaves its trunk', async (t) => {
  const { ask, list } = await openClient(t)
  const [trunk] = await list('/Trunks')
  const numbers = (await list('/DidNumbers?$expand=RoutingRule')).filter((row) => row.RoutingRule !== null)
  assert.equal(numbers.length, 5)
  const kept = ((trunk?.DidNumbers ?? []) as string[]).slice(1)
  assert.equal(
    (await ask('PATCH', `/xapi/v1/Trunks(${String(trunk?.Id)})`, { DidNumbers: kept })).status,
    204,
  )
  assert.equal((await list('/InboundRules')).length, 4)
  assert.equal((await list('/DidNumbers')).length, 5)
})

test('a trunk is made from a template, and its password is never shown', async (t) => {
  const { ask, list } = await openClient(t)
  assert.ok((await list('/TrunkTemplates')).some((row) => row.Id === '1cx.pv.xml'))
  const init = await ask('GET', "/xapi/v1/Trunks/Pbx.InitTrunk(template='1cx.pv.xml')")
  const { '@odata.context': _context, ...sent } = init.json
  const made = await ask('POST', '/xapi/v1/Trunks', { ...sent, AuthPassword: { Value: 'very secret' } })
  assert.deepEqual(made.json.AuthPassword, { Concealed: true, Value: null })
  const one = `/xapi/v1/Trunks(${String(made.json.Id)})`
  await ask('PATCH', one, { AuthPassword: { Concealed: true, Value: null }, SimultaneousCalls: 3 })
  assert.ok(!(await ask('GET', one)).text.includes('very secret'))
  assert.equal((await ask('GET', "/xapi/v1/Trunks/Pbx.InitTrunk(template='nothing.xml')")).status, 404)
})

test('membership is one thing seen from both sides', async (t) => {
  const { ask, list } = await openClient(t)
  const group = (await ask('POST', '/xapi/v1/Groups', { Name: 'Night' })).json
  const user = (await ask('POST', '/xapi/v1/Users', {})).json
  const members = async (): Promise<unknown[]> =>
    (await list(`/Groups(${String(group.Id)})/Members`)).map((row) => row.Number)
  await ask('PATCH', `/xapi/v1/Users(${String(user.Id)})`, {
    Groups: [{ GroupId: group.Id, Rights: { RoleName: 'managers' } }],
  })
  assert.deepEqual(await members(), [user.Number])
  const refused = await ask('DELETE', `/xapi/v1/Groups(${String(group.Id)})`)
  assert.match(refused.text, /GROUP_WITH_MEMBERS_CANNOT_BE_DELETED/)
  await ask('PATCH', `/xapi/v1/Groups(${String(group.Id)})`, { Members: [] })
  assert.deepEqual(await members(), [])
  assert.equal((await ask('POST', '/xapi/v1/Groups/Pbx.DeleteCompanyById', { id: group.Id })).status, 204)
})

test('a backup appears after it was begun, downloads by its link alone, and is removed', async (t) => {
  const { ask, list, simulator } = await openClient(t, { instant: false })
  const begin = () =>
    ask('POST', '/xapi/v1/Backups/Pbx.Backup', {
      description: { Name: 'nightly', Contents: { CallHistory: true } },
    })
  assert.equal((await begin()).status, 204)
  assert.deepEqual(await list('/Backups'), [])
  assert.match((await begin()).text, /WARNINGS\.XAPI\.DUPLICATE/)
  let size = -1
  for (;;) {
    const [row] = await list('/Backups')
    const next = Number(row?.Size ?? -1)
    if (next > 0 && next === size && simulator.pbx.store.get('EventLogs', 2)) break
    size = next
  }
  const [row] = await list('/Backups')
  const bytes = Buffer.from(await (await fetch(simulator.url + String(row?.DownloadLink))).arrayBuffer())
  assert.equal(bytes.length, row?.Size)
  assert.equal(bytes.toString('latin1', 0, 4), 'PK\u0003\u0004')
  assert.ok(bytes.includes('DbTables/cdroutput.csv'))
  assert.equal((await fetch(`${simulator.url}/MediaFiles/Backups/nightly.zip?ticket=wrong`)).status, 404)
  assert.equal((await ask('DELETE', "/xapi/v1/Backups('nightly.zip')")).status, 204)
  assert.deepEqual(await list('/Backups'), [])
})

test('changes appear in the audit log, without secrets', async (t) => {
  const { ask, list } = await openClient(t)
  const user = (await ask('POST', '/xapi/v1/Users', { FirstName: 'Ida', AuthPassword: 'hunter2' })).json
  await ask('PATCH', `/xapi/v1/Users(${String(user.Id)})`, { FirstName: 'Ides' })
  const [last, first] = await list('/ReportAuditLog/Pbx.GetAuditLogData()?$top=1000')
  assert.deepEqual(
    [first?.Action, last?.Action, last?.UserName, last?.ObjectName],
    [1, 7, 'simulator', user.Number],
  )
  assert.equal((JSON.parse(String(last?.PrevData)) as Row).FirstName, 'Ida')
  assert.equal((JSON.parse(String(last?.NewData)) as Row).FirstName, 'Ides')
  assert.ok(!JSON.stringify([first, last]).includes('hunter2'))
})

test('the smaller doors answer: status, licence, services, hours, countries, devices', async (t) => {
  const { ask, list } = await openClient(t)
  const status = (await ask('GET', '/xapi/v1/SystemStatus')).json
  assert.deepEqual([status.UserExtensions, status.TrunksTotal, status.Version], [6, 1, '20.0.8.1'])
  assert.match(String((await ask('GET', '/xapi/v1/LicenseStatus')).json.CompanyName), /not a 3CX/)
  for (const path of [
    '/SipDevices',
    '/DeviceInfos',
    '/Firmwares',
    '/PhoneTemplates',
    '/EventLogs',
    '/Countries',
    '/Defs/TimeZones',
    '/Sbcs',
  ])
    assert.ok((await list(path)).length > 0, path)
  await ask('POST', '/xapi/v1/Services/Pbx.Stop', { options: { ServiceNames: ['SIPServer'] } })
  assert.equal((await ask('GET', '/xapi/v1/SystemStatus')).json.HasNotRunningServices, true)
  for (const [path, number] of [
    ['Users/Pbx.GetFirstAvailableExtensionNumber()', '105'],
    ['Queues/Pbx.GetFirstAvailableQueueNumber()', '801'],
    ['Trunks/Pbx.GetFirstAvailableTrunkNumber()', '10001'],
  ])
    assert.equal((await ask('GET', `/xapi/v1/${path}`)).json.Number, number)
  assert.equal((await ask('PATCH', '/xapi/v1/OfficeHours', { TimeZoneId: '52' })).status, 204)
  assert.equal((await ask('GET', '/xapi/v1/OfficeHours?$expand=OfficeHolidays')).json.TimeZoneId, '52')
  assert.equal(
    (await ask('GET', "/xapi/v1/Parameters/Pbx.GetParameterByName(name='REPORT_ROW_LIMIT')")).json.Value,
    '20000',
  )
})
