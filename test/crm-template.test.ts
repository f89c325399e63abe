import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test, type TestContext } from 'node:test'
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { openClient } from '../pbx-simulator/test-client.ts'
import { runTemplate, type Question } from '../pbx-simulator/template/template.ts'
import { openLog, type Log } from '../server/platform/log.ts'
import { newHub, type Json } from './hub.ts'
import { post } from './pbx-fleet.ts'

/** The template was written after what is public of 3CX's own reader, and the pretended PBX's reader likewise: here they meet. */
const BOOK = await readFile(
  new URL('../server/http/dialects/3cx-crm/golden/book.csv', import.meta.url),
  'utf8',
)
const START = Date.parse('2026-05-01T10:00:00Z')

/** A log that says when a route was answered. */
function listening(): { log: Log; answered(route: string): Promise<void> } {
  const waiting = new Map<string, () => void>()
  const log = openLog({ level: 'silent' })
  return {
    log: {
      ...log,
      access(line) {
        waiting.get(String(line['route']))?.()
        log.access(line)
      },
    },
    answered: (route) => new Promise((resolve) => void waiting.set(route, resolve)),
  }
}

async function newWorld(t: TestContext, query = '') {
  const { log, answered } = listening()
  const world = await newHub(t, 'sqlite', {
    log,
    env: { CORDBOARD_PUBLIC_URL: 'https://hub.example' },
    clock: { now: () => START },
  })
  await world.importBook(BOOK)
  const host = await post(world.ask, 'pbx3cx-hosts', { host_name: 'a&b.example', time_zone: 'Europe/Paris' })
  const { text: xml } = await world.ask('GET', `/3cx/crm-template.xml?host=${host.code}${query}`)
  const ApiKey = await world.newToken(['identify', 'journal:write', 'directory:write'], { host_id: host.id })
  // What an administrator types in: the address is another one than the hub's own only here.
  const parameters = { HubUrl: world.hub.url, ApiKey }
  const run = (question: Question, more: Record<string, string> = {}) =>
    runTemplate(xml, question, { parameters: { ...parameters, ...more } })
  return { ...world, host, xml, parameters, run, answered }
}
const calls = async ({ ask }: Pick<Awaited<ReturnType<typeof newWorld>>, 'ask'>): Promise<Json[]> =>
  (await ask('GET', '/api/v1/pbx3cx-call-logs?page=1')).json.data

test('a call that rings, is answered and ends on a PBX is looked up, and is one call in the log', async (t) => {
  const world = await newWorld(t)
  const { ask, control, simulator } = await openClient(t, { now: START, isClockStopped: true })
  assert.equal((await control('POST', '/crm-templates', { xml: world.xml })).status, 201)
  const VariableChoices = Object.entries(world.parameters).map(([Key, Value]) => ({ Key, Value }))
  const choice = { Name: 'Cordboard a&b.example', VariableChoices }
  assert.equal((await ask('PATCH', '/xapi/v1/CrmIntegration', choice)).status, 204)
  const reported = world.answered('/3cx/crm/report-call')
  await simulator.play(
    '0 inbound a from +33639980002 to +3615550112\n+5s answer a by 100\n+1m hangup a by callee',
  )
  await reported
  const [call, ...more] = await calls(world)
  assert.deepEqual(more, [])
  assert.deepEqual(
    [call.status, call.caller_e164, call.caller_name, call.contact_id, call.agent_extension, call.source],
    ['answered', '+33639980002', 'Paul Dupont', 5, '100', 'crm'],
  )
  assert.deepEqual([call.pbx3cx_host_id, call.started_at], [world.host.id, new Date(START).toISOString()])
  // The PBX reports again what it could not be sure of.
  const [record] = (await world.ask('GET', '/api/v1/pbx3cx_calls?page=1')).json.data
  const again = await world.run({ report: fromPayload(record.payload) })
  assert.deepEqual([again.error, again.requests[0]?.status], [null, 200])
  assert.equal((await calls(world)).length, 1)
})

/** What was sent, under the names it had at the PBX. */
function fromPayload(payload: Json): Record<string, string> {
  const names = ['CallType', 'CallDirection', 'Number', 'Name', 'Agent', 'AgentFirstName', 'AgentLastName']
  const all = [...names, 'AgentEmail', 'Duration', 'DateTime', 'CallStartTimeUTC', 'CallEndTimeUTC']
  return Object.fromEntries(
    all.flatMap((name) => {
      const text = payload[name.toLowerCase()]
      return text === undefined ? [] : [[name, name.endsWith('UTC') ? `${text}Z` : text]]
    }),
  )
}

test('an unknown caller is nobody, or a placeholder where that is switched on', async (t) => {
  const off = await newWorld(t)
  assert.deepEqual((await off.run({ number: '+33100000000' })).contacts, [])
  const typed = await off.run({ number: '+33100000000' }, { PlaceholderContacts: 'True' })
  assert.deepEqual(typed.contacts, [
    { LastName: '+33100000000', PhoneBusiness: '+33100000000', EntityId: 'unknown', EntityType: 'Unknown' },
  ])
  const on = await newWorld(t, '&placeholder=1')
  assert.equal((await on.run({ number: '+33100000000' })).contacts.length, 1)
  assert.deepEqual((await on.run({ number: 'anonymous' })).contacts, [])
})

test('a PBX finds people by e-mail and words, and makes new ones', async (t) => {
  const { run, ask } = await newWorld(t)
  const paul = {
    FirstName: 'Paul',
    LastName: 'Dupont',
    CompanyName: 'Boulangerie Dupont',
    PhoneBusiness: '+33639980002',
    ContactUrl: 'https://hub.example/pop/5',
    EntityId: '5',
    EntityType: 'Person',
  }
  assert.deepEqual((await run({ search: 'paul dupont' })).contacts, [paul])
  assert.deepEqual(
    (await run({ search: 'dupont' })).contacts.map((one) => one.EntityId),
    ['4', '5', '1'],
  )
  assert.deepEqual((await run({ search: 'nobody & co' })).contacts, [])
  assert.equal((await run({ email: 'jeanne@dupont.example' })).contacts[0]?.EntityId, '4')
  const createContact = { Number: '+33639981111', FirstName: 'Zoé', LastName: 'N & Co', Email: 'z@n.example' }
  const { contacts, error } = await run({ createContact })
  assert.equal(error, null)
  const [made] = contacts
  assert.deepEqual([made?.FirstName, made?.LastName, made?.PhoneBusiness], ['Zoé', 'N & Co', '+33639981111'])
  assert.equal((await run({ number: '+33639981111' })).contacts[0]?.EntityId, made?.EntityId)
  assert.equal((await ask('GET', `/api/v1/contacts/${made?.EntityId}`)).json.email, 'z@n.example')
  const off = await run({ createContact }, { CreateContactEnabled: 'False' })
  assert.deepEqual([off.requests, off.error], [[], null])
})

test('a call flow asks by number, id and words, and is handed the answer as it is', async (t) => {
  const { run } = await newWorld(t)
  const asked = async (scenario: string, variables: Record<string, string>) => {
    const { requests, error } = await run({ scenario: `LookupFromCFD_Contacts_${scenario}`, variables })
    assert.equal(error, null)
    const { contacts } = JSON.parse(requests[0]?.answer ?? '')
    return contacts.map((one: Json) => [one.id, one.vip, one.account])
  }
  const dupont = [['1', true, 'CL000101']]
  assert.deepEqual(await asked('LookupNumber', { Number: '+33199001234' }), dupont)
  assert.deepEqual(await asked('LookupID', { EntityId: '1' }), dupont)
  assert.deepEqual(await asked('LookupFreeQuery', { SearchText: 'cl101' }), dupont.slice(1))
  assert.deepEqual(await asked('LookupFreeQuery', { SearchText: '101' }), dupont)
})

test('a chat is kept; a wrong token lets nothing in', async (t) => {
  const { run, ask } = await newWorld(t)
  const reportChat = { ChatMessages: 'Ann: [ApiKey] & "bye"\n', ChatStartTimeUTC: '2026-05-01T10:00:00Z' }
  const tried: Record<string, string>[] = [{}, {}, { ApiKey: 'cb_wrong' }, { ReportChatEnabled: 'False' }]
  for (const more of tried)
    assert.equal((await run({ reportChat: { ...reportChat, EntityId: '5' } }, more)).error, null)
  const { json } = await ask('GET', '/api/v1/pbx-events')
  assert.deepEqual([json.total, json.data[0].contact_id], [1, 5])
  assert.equal(json.data[0].payload.chatmessages, reportChat.ChatMessages.trim())
  const wrong = await run({ number: '+33639980002' }, { ApiKey: 'cb_wrong' })
  assert.deepEqual([wrong.contacts, wrong.requests[0]?.status], [[], 401])
})

test('the template is XML in which every reference is escaped and every scenario has its id once', async (t) => {
  const { xml } = await newWorld(t)
  assert.equal(XMLValidator.validate(xml), true)
  const { Crm } = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '' }).parse(xml)
  const ids = Crm.Scenarios.Scenario.map((one: Json) => one.Id)
  assert.deepEqual(ids, [
    '',
    'LookupByEmail',
    'SearchContacts',
    'CreateContactRecordFromClient',
    'ReportCall',
    'ReportChat',
    'LookupFromCFD_Contacts_LookupNumber',
    'LookupFromCFD_Contacts_LookupID',
    'LookupFromCFD_Contacts_LookupFreeQuery',
  ])
  for (const scenario of Crm.Scenarios.Scenario as Json[]) {
    const isReport = scenario.Id.startsWith('Report')
    assert.equal('Rules' in scenario, !isReport, scenario.Id)
    assert.equal('Outputs' in scenario, !isReport && !scenario.Id.startsWith('LookupFromCFD'), scenario.Id)
  }
  assert.ok(Number(Crm.Connection.MaxConcurrentRequests) > 0)
  assert.ok(Number.isInteger(Number(Crm.Version)))
})
