import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { openClient, type Client } from '../test-client.ts'
import type { Row } from '../model/pbx.ts'

type Where = { kind: string; number: string; rings: string[] }
/** A Wednesday at ten in Budapest. */
const NOW = Date.parse('2026-03-04T09:00:00Z')
const MAIN = '+3615550110'
const ANNA = '+3615550112'

const open = (t: TestContext): Promise<Client> => openClient(t, { now: NOW, isClockStopped: true })

/** Plays a script in which a call is named `a`, and tells where that is now. */
async function goes({ control }: Client, script: string): Promise<{ at: string; rings: string[] }> {
  const { status, text, json } = await control('POST', '/calls', { script })
  assert.equal(status, 200, text)
  const call = (json.calls as Row[]).find(({ name }) => name === 'a')
  const where = call?.where as Where | null
  const callback = call?.callback as { number: string } | null
  if (callback) return { at: `callback ${callback.number}`, rings: [] }
  return where ? { at: `${where.kind} ${where.number}`, rings: where.rings } : { at: 'nowhere', rings: [] }
}

async function change({ ask, list }: Client, set: string, number: string, fields: Row): Promise<void> {
  const key = (await list(`/${set}`)).find((row) => row.Number === number)?.Id
  const { status, text } = await ask('PATCH', `/xapi/v1/${set}(${String(key)})`, fields)
  assert.equal(status, 204, text)
}

test('a call finds the hours it is told, those of the clock, or those of any other moment', async (t) => {
  const client = await open(t)
  const at = async (hours: string) => (await goes(client, `0 inbound a from +361 to ${MAIN}${hours}`)).at
  assert.equal(await at(''), 'IVR 700')
  assert.equal(await at(' hours out'), 'VoiceMail 100')
  assert.equal(await at(' hours clock'), 'IVR 700')
  // An hour earlier the summer has not come, and its last minute is the night's.
  for (const [instant, place] of [
    ['2026-03-27T08:00:00Z', 'IVR 700'],
    ['2026-03-27T07:59:59Z', 'VoiceMail 100'],
    ['2026-03-30T07:00:00Z', 'IVR 700'],
    ['2026-03-30T06:59:59Z', 'VoiceMail 100'],
    ['2026-12-25T10:00:00Z', 'VoiceMail 100'],
  ] as const)
    assert.equal(await at(` hours ${instant}`), place, instant)
  client.simulator.advance(9 * 3_600_000)
  assert.equal(await at(' hours clock'), 'VoiceMail 100')
  const { status, text } = await client.control('POST', '/calls', {
    script: `0 inbound a from +361 to ${MAIN} hours soon`,
  })
  assert.equal(status, 400)
  assert.match(text, /clock or an instant/)
})

test('a department, a queue and a receptionist have hours of their own, and somebody may set them by hand', async (t) => {
  const client = await open(t)
  const to = (number: string) => ({ Route: { To: 'Extension', Number: number } })
  const night = { Type: 'SpecificHours', Periods: [{ DayOfWeek: 'Tuesday', Start: '22:00', Stop: '06:00' }] }
  await change(client, 'Groups', 'GRP1', {
    TimeZoneId: '15',
    Hours: night,
    OfficeRoute: to('100'),
    OutOfOfficeRoute: to('103'),
    HolidaysRoute: to('104'),
    BreakRoute: to('102'),
  })
  const at = async (hours: string, via: string) =>
    (await goes(client, `0 inbound a from +361 to ${MAIN} via ${via} hours ${hours}`)).at
  // The night from Tuesday in New York.
  assert.equal(await at('2026-03-04T10:59:00Z', 'GRP1'), 'Extension 100')
  assert.equal(await at('2026-03-04T11:00:00Z', 'GRP1'), 'Extension 103')
  assert.equal(await at('2026-01-01T12:00:00Z', 'GRP1'), 'Extension 104')
  assert.equal(await at('break', 'GRP1'), 'Extension 102')
  await change(client, 'Groups', 'GRP1', {
    CurrentGroupHours: 'ForceBreak, HasForcedMask',
    OverrideExpiresAt: '2026-03-04T12:00:00Z',
  })
  assert.equal(await at('2026-03-04T10:59:00Z', 'GRP1'), 'Extension 102')
  assert.equal(await at('2026-03-04T12:00:00Z', 'GRP1'), 'Extension 103')

  await change(client, 'Queues', '800', { OutOfOfficeRoute: { Route: { To: 'IVR', Number: '700' } } })
  assert.equal(await at('2026-03-04T20:00:00Z', '800'), 'IVR 700')
  assert.equal(await at('2026-03-04T10:00:00Z', '800'), 'Queue 800')
  // It has nothing for holidays: in the night of one it is as closed as in any.
  assert.equal(await at('2026-12-25T21:00:00Z', '800'), 'IVR 700')
  await change(client, 'Receptionists', '700', {
    OutOfOfficeRoute: { Route: { To: 'Queue', Number: '800' } },
  })
  assert.equal(await at('2026-03-04T20:00:00Z', '800'), 'nowhere')
})

const profiles = (more: Row): Row => ({
  ForwardingProfiles: [
    {
      Id: 1,
      Name: 'Available',
      AcceptMultipleCalls: false,
      AvailableRoute: {
        NoAnswerExternal: { To: 'Queue', Number: '800' },
        NoAnswerInternal: { To: 'VoiceMail', Number: '100' },
        BusyExternal: { To: 'Callback' },
        NotRegisteredExternal: { To: 'External', External: '+3620' },
      },
    },
    { Id: 2, Name: 'Away', AwayRoute: { External: { To: 'RingGroup', Number: '600' } } },
  ],
  ...more,
})

test('an extension sends calls on as its status, its phone and its rules say', async (t) => {
  const client = await open(t)
  await change(client, 'Users', '100', profiles({}))
  const call = `0 inbound a from +361 to ${ANNA}`
  assert.deepEqual(await goes(client, call), { at: 'Extension 100', rings: ['100'] })
  assert.equal((await goes(client, `${call}\n+5s noanswer a`)).at, 'Queue 800')
  assert.equal((await goes(client, `${call}\n+5s reject a`)).at, 'callback 100')
  assert.equal((await goes(client, '0 internal a from 103 to 100\n+5s noanswer a')).at, 'VoiceMail 100')
  const talk = '0 internal b from 100 to 101\n+2s answer b\n'
  assert.equal(
    (await goes(client, `${talk}+1s inbound a from +361 to ${ANNA}\n+1s hangup b`)).at,
    'callback 100',
  )
  await change(client, 'Users', '100', { IsRegistered: false })
  assert.equal((await goes(client, call)).at, 'ExternalLine +3620')
  await change(client, 'Users', '100', { CurrentProfileName: 'Away' })
  // Whose phone is not there is not rung for a group either.
  assert.deepEqual(await goes(client, call), { at: 'RingGroup 600', rings: ['103'] })
  const exception = (Condition: string, Destination: Row, Data = ''): Row => ({
    Id: 1,
    Enabled: true,
    CallType: 'ExternalCallsOnly',
    Condition,
    Data,
    Destination,
  })
  const all = exception('ForwardAll', { To: 'VoiceMailOfDestination' })
  const vip = exception('BasedOnCallerID', { To: 'ProceedWithNoExceptions' }, '+362*')
  await change(client, 'Users', '100', { ForwardingExceptions: [all, vip] })
  assert.equal((await goes(client, call)).at, 'VoiceMail 100')
  assert.equal((await goes(client, `0 inbound a from +36201 to ${ANNA}`)).at, 'RingGroup 600')
  await change(client, 'Users', '100', { VMEnabled: false })
  assert.equal((await goes(client, call)).at, 'nowhere')
})

test('a call is sent on from one to the next, but not round for ever', async (t) => {
  const client = await open(t)
  const numbers = ['100', '101', '102', '103', '104']
  const lead = (from: string, to: string) =>
    change(client, 'Users', from, {
      CurrentProfileName: 'Away',
      ForwardingProfiles: [{ Name: 'Away', AwayRoute: { External: { To: 'Extension', Number: to } } }],
    })
  for (const [index, number] of numbers.slice(0, -1).entries()) await lead(number, numbers[index + 1] ?? '')
  assert.equal((await goes(client, `0 inbound a from +361 to ${ANNA}`)).at, 'Extension 104')
  await lead('104', '100')
  assert.equal((await goes(client, `0 inbound a from +361 to ${ANNA}`)).at, 'nowhere')
})

test('what no outbound rule is for does not leave the house', async (t) => {
  const client = await open(t)
  const [rule] = await client.list('/OutboundRules')
  const narrow = { Prefix: '+36,06', NumberLengthRanges: '5,8-10' }
  const { status } = await client.ask('PATCH', `/xapi/v1/OutboundRules(${String(rule?.Id)})`, narrow)
  assert.equal(status, 204)
  const at = async (number: string) => (await goes(client, `0 outbound a from 100 to ${number}`)).at
  assert.equal(await at('+3620'), 'ExternalLine +3620')
  assert.equal(await at('+36201'), 'nowhere')
  assert.equal(await at('06123456'), 'ExternalLine 06123456')
  assert.equal(await at('+49301234'), 'nowhere')
})
