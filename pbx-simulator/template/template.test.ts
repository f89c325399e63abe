import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { openClient } from '../test-client.ts'
import { evaluate, holds } from './expression.ts'
import { runTemplate } from './template.ts'

const TEMPLATE = `<?xml version="1.0"?>
<Crm xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" Country="FR" Name="Small" Version="3">
  <Number Prefix="Plus" MaxLength="[MaxLength]"/>
  <Connection MaxConcurrentRequests="4"/>
  <Parameters>
    <Parameter Name="Url" Type="String" Title="Address" Default=""/>
    <Parameter Name="Key" Type="Password" Title="Key" Default="k&amp;1"/>
  </Parameters>
  <Authentication Type="No"/>
  <Scenarios>
    <Scenario Id="" Type="REST">
      <Request Url="[Url]/by-number" RequestEncoding="Json" RequestType="Post" ResponseType="Json">
        <Headers><Value Key="Authorization" Passes="0" Type="String">Bearer [Key]</Value></Headers>
        <PostValues><Value Key="phone" Type="String">[Number]</Value><Object Key="more"><Value Key="deep" Type="Boolean">True</Value><Value Key="entity" SkipIf="[EntityId]==">[EntityId]</Value></Object></PostValues>
      </Request>
      <Rules><Rule Type="Any">contacts.id</Rule></Rules>
      <Variables>
        <Variable Name="Id" Path="contacts.id"><Filter/></Variable>
        <Variable Name="First" Path="contacts.first"/>
        <Variable Name="Mobile" Path="contacts.phones.number"><Filter><Rule Type="Equals" Ethalon="mobile">contacts.phones.kind</Rule></Filter></Variable>
      </Variables>
      <Outputs AllowEmpty="false">
        <Output Type="FirstName" Passes="0" Value="[First]"/>
        <Output Type="PhoneMobile" Value="[Mobile]"/>
        <Output Type="ContactUrl" Value="[Url]/contacts/[Id]?from=[Missing]"/>
        <Output Type="EntityId" Value="[Id]"/>
      </Outputs>
    </Scenario>
    <Scenario Id="LookupByEmail" Type="REST">
      <Request Url="[Url]/by-mail" RequestType="Get"><QueryParams><Value Key="mail">[Email]</Value></QueryParams></Request>
      <Rules><Rule Type="Equals" Ethalon="1">answer.found</Rule></Rules>
      <Variables><Variable Name="Last" Path="answer.last"/></Variables>
      <Outputs><Output Type="LastName" Value="[Last]"/></Outputs>
    </Scenario>
    <Scenario Id="ReportCall" Type="REST">
      <Request Url="[Url]/calls" RequestEncoding="UrlEncoded" RequestType="Post">
        <PostValues>
          <Value Key="kind">[CallType]</Value><Value Key="who">[Agent]</Value><Value Key="entity">[EntityId]</Value>
          <Value Key="seconds" Passes="1">[[DurationTimespan].TotalSeconds()]</Value>
          <Value Key="at" Passes="1">[[CallStartTimeUTC].ToString("yyyy-MM-ddTHH:mm:ssZ")]</Value>
        </PostValues>
      </Request>
    </Scenario>
  </Scenarios>
</Crm>`

type Asked = { url: string; headers: IncomingMessage['headers']; body: string }

/** A CRM that knows one person, and keeps what it was asked. */
async function openCrm(t: TestContext): Promise<{ url: string; asked: Asked[]; next: () => Promise<Asked> }> {
  const asked: Asked[] = []
  const waiting: ((asked: Asked) => void)[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => (body += String(chunk)))
    request.on('end', () => answer(request, response, body))
  })
  const answer = (request: IncomingMessage, response: ServerResponse, body: string): void => {
    const one = { url: request.url ?? '', headers: request.headers, body }
    asked.push(one)
    waiting.shift()?.(one)
    if (one.url.startsWith('/by-mail')) {
      response.end(
        one.url.endsWith('nobody')
          ? '<answer><found>0</found><last>Nobody</last></answer>'
          : '<answer><found>1</found><last>Kiss</last></answer>',
      )
      return
    }
    const phones = [
      { kind: 'home', number: '1' },
      { kind: 'mobile', number: '+36301234567' },
    ]
    response.end(
      JSON.stringify({
        contacts: [
          { id: 7, first: 'Anna', phones },
          { id: 8, first: 'Béla', phones: [] },
        ],
      }),
    )
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    next: () => new Promise((resolve) => waiting.push(resolve)),
  }
}

test('a lookup asks as the template says and keeps those who have the number', async (t) => {
  const { url, asked } = await openCrm(t)
  const result = await runTemplate(TEMPLATE, { number: '0036301234567' }, { parameters: { Url: url } })
  assert.equal(result.error, null)
  assert.equal(asked[0]?.headers.authorization, 'Bearer k&1')
  assert.deepEqual(JSON.parse(asked[0]?.body ?? ''), { phone: '+36301234567', more: { deep: true } })
  assert.deepEqual(result.contacts, [
    { FirstName: 'Anna', PhoneMobile: '+36301234567', ContactUrl: `${url}/contacts/7?from=`, EntityId: '7' },
  ])
  assert.match(result.log.join('\n'), /discarded/)
  assert.deepEqual(
    (await runTemplate(TEMPLATE, { number: '+49301112223' }, { parameters: { Url: url } })).contacts,
    [],
  )
})

test('rules decide on an XML answer whether somebody was found', async (t) => {
  const { url, asked } = await openCrm(t)
  const found = await runTemplate(TEMPLATE, { email: 'a+b@x' }, { parameters: { Url: url } })
  assert.deepEqual(found.contacts, [{ LastName: 'Kiss' }])
  assert.equal(asked[0]?.url, '/by-mail?mail=a%2Bb%40x')
  assert.deepEqual(
    (await runTemplate(TEMPLATE, { email: 'nobody' }, { parameters: { Url: url } })).contacts,
    [],
  )
})

test('what goes wrong is told, not thrown', async () => {
  const error = async (xml: string, question = {}) =>
    (await runTemplate(xml, { number: '1', ...question }, { timeoutMs: 2000 })).error
  assert.match((await error('<Crm')) ?? '', /no XML/)
  assert.match((await error('<Other/>')) ?? '', /no Crm element/)
  assert.match((await error('<Crm Name="x"><Scenarios/></Crm>')) ?? '', /no scenario ""/)
  assert.match((await error(TEMPLATE, { scenario: 'Nothing' })) ?? '', /no scenario "Nothing"/)
  const endless =
    '<Crm Name="x"><Scenarios><Scenario Id=""><Outputs AllowEmpty="true" Next="b"/></Scenario><Scenario Id="b"><Outputs AllowEmpty="true" Next="b"/></Scenario></Scenarios></Crm>'
  assert.match((await error(endless)) ?? '', /without end/)
})

for (const [text, passes, expected] of [
  ['[Number]!', 0, '+36!'],
  ['x[Missing]y', 0, 'xy'],
  ['[[Number].Replace("+","00")]', 1, '0036'],
  ['{{"a":^[1^]}}', 0, '{"a":[1]}'],
  ['[Outer]', 2, 'in +36'],
  ['[Outer]', 0, 'in [Number]'],
  ['[[At].ToString("yyyy-MM-dd HH:mm")]', 1, '2026-03-04 09:15'],
  ['[[Name].ToUpper()]', 1, 'ÉVA'],
] as const) {
  test(`the expression ${text} with ${passes} passes`, () => {
    const scope = new Map([
      ['Number', '+36'],
      ['Outer', 'in [Number]'],
      ['At', '2026-03-04T09:15:02Z'],
      ['Name', 'Éva'],
    ])
    assert.equal(evaluate(text, scope, passes), expected)
    assert.deepEqual(
      [holds('[Name]==Éva', scope), holds('[Name]!=Éva', scope), holds('[Missing]', scope)],
      [true, false, false],
    )
  })
}

test('a PBX with a template asks for the caller and reports the call by itself', async (t) => {
  const { url, next } = await openCrm(t)
  const { ask, control, simulator } = await openClient(t, {
    now: Date.parse('2026-03-04T09:15:02Z'),
    isClockStopped: true,
  })
  assert.equal((await control('POST', '/crm-templates', { xml: TEMPLATE })).status, 201)
  assert.equal((await control('POST', '/crm-templates', { xml: '<no' })).status, 400)
  const choice = { Name: 'Small', VariableChoices: [{ Key: 'Url', Value: url }] }
  assert.equal((await ask('PATCH', '/xapi/v1/CrmIntegration', choice)).status, 204)
  const lookup = next()
  await simulator.play('0 inbound a from +36301234567 to +3615550112')
  assert.equal((await lookup).url, '/by-number')
  const report = next()
  const [call] = simulator.pbx.calls.live.values()
  const active = (await ask('GET', '/xapi/v1/ActiveCalls')).json.value as { Id: number }[]
  assert.ok(call)
  await ask('POST', `/xapi/v1/ActiveCalls(${active[0]?.Id})/Pbx.DropCall`)
  assert.deepEqual(Object.fromEntries(new URLSearchParams((await report).body)), {
    kind: 'Missed',
    who: '100',
    entity: '7',
    seconds: '0',
    at: '2026-03-04T09:15:02Z',
  })
  const tested = await ask('POST', '/xapi/v1/CrmIntegration/Pbx.Test', {
    mode: 'PhoneExact',
    query: '+36301234567',
  })
  assert.deepEqual(
    [tested.json.IsError, (tested.json.SearchResult as { FirstName: string }[])[0]?.FirstName],
    [false, 'Anna'],
  )
  const ran = await control('POST', '/template', {
    xml: TEMPLATE,
    question: { number: '+36301234567' },
    parameters: { Url: url },
  })
  assert.equal((ran.json.contacts as unknown[]).length, 1)
  assert.equal(
    (await ask('GET', "/xapi/v1/CrmIntegration/Pbx.GetCrmTemplateSource(name='Small')")).json.Value,
    TEMPLATE,
  )
})
