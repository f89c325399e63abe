import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { WebSocket } from 'ws'
import { openClient, type Client } from '../test-client.ts'
import type { Row } from '../model/pbx.ts'

const NOW = Date.parse('2026-03-04T09:15:02Z')
const logPath = (name = 'GetCallLogData', hides = false, more = ''): string =>
  `/ReportCallLogData/Pbx.${name}(periodFrom=2026-03-04T09:15:00Z,periodTo=2026-03-05T00:00:00Z,sourceType=0,sourceFilter='',destinationType=0,destinationFilter='',callsType=0,callTimeFilterType=0,callTimeFilterFrom='0:00:0',callTimeFilterTo='0:00:0',hidePcalls=${hides})${more}`

const openStopped = (t: TestContext, more = {}): Promise<Client> =>
  openClient(t, { now: NOW, isClockStopped: true, ...more })

/** A hub's side of the CDR socket: resolves with the first line it gets. */
async function collectCdr(t: TestContext): Promise<{ port: number; line: Promise<string> }> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const line = new Promise<string>((resolve) =>
    server.on('connection', (socket) => {
      let text = ''
      socket.on('data', (chunk) => (text += String(chunk)))
      socket.on('end', () => resolve(text))
    }),
  )
  return { port: (server.address() as AddressInfo).port, line }
}

test('one recorded call is the same call in every place, under different ids', async (t) => {
  const client = await openStopped(t)
  const { ask, list, simulator } = client
  const { port, line } = await collectCdr(t)
  const settings = { Enabled: true, LogType: 'ActiveSocket', SocketIpAddress: '127.0.0.1', SocketPort: port }
  assert.equal((await ask('PATCH', '/xapi/v1/CDRSettings', settings)).status, 204)

  await simulator.play('0 inbound a from +36301234567 to +3615550111 name "Teszt Elek" record yes')
  const [ringing] = await list('/ActiveCalls')
  assert.deepEqual(
    [ringing?.Caller, ringing?.Callee, ringing?.Status],
    ['+36301234567 Teszt Elek', '102 Claire Dubois', 'Routing'],
  )
  const rung = (await ask('GET', '/callcontrol/101/participants')).json as unknown as Row[]
  assert.equal(rung.length, 1)
  const { id, status, party_caller_id, party_dn_type, on_behalf_of_dn, callid } = rung[0] ?? {}
  assert.deepEqual(
    [status, party_caller_id, party_dn_type, on_behalf_of_dn],
    ['Ringing', '+36301234567', 'Wexternalline', '800'],
  )

  simulator.advance(7000)
  const answered = await ask('POST', `/callcontrol/101/participants/${String(id)}/answer`, {})
  assert.equal((answered.json.result as Row).status, 'Connected')
  assert.deepEqual((await ask('GET', '/callcontrol/102/participants')).json, [])
  assert.equal((await list('/ActiveCalls'))[0]?.Status, 'Talking')
  simulator.advance(192_000)
  assert.equal((await ask('POST', `/callcontrol/101/participants/${String(id)}/drop`, {})).status, 200)
  assert.deepEqual(await list('/ActiveCalls'), [])

  const fields = (await line).trimEnd().split(',')
  assert.equal(fields.length, 27)
  assert.deepEqual(fields.slice(2, 9), [
    '00:03:12',
    '2026/03/04 09:15:02',
    '2026/03/04 09:15:09',
    '2026/03/04 09:18:21',
    'TerminatedByDst',
    '+36301234567',
    'Ext.800',
  ])
  assert.deepEqual(
    [fields[13], fields[19], fields[20], fields[26]],
    ['Ext.101', 'Chain: +36301234567;Ext.800;Ext.101;', 'Line', '102'],
  )

  const rows = await list(`${logPath()}?$top=1000`)
  assert.deepEqual(rows.map((row) => [row.DestinationDn, row.Status, row.TalkingDuration].join(' ')).sort(), [
    '101 Answered PT3M12S',
    '102 Unanswered PT0S',
    '800 Waiting PT0S',
  ])
  const talk = rows.find((row) => row.DestinationDn === '101')
  assert.deepEqual(
    [talk?.Direction, talk?.SourceCallerId, talk?.RingingDuration],
    ['Inbound Queue', '800', 'PT7S'],
  )
  assert.equal((await list(logPath('GetCallLogData', true))).length, 2)
  assert.equal((await list(logPath('GetOldCallLogData'))).length, 3)
  const old = (await list('/CallHistoryView?$filter=SegmentStartTime%20ge%202026-03-04T09:15:00Z')).find(
    (row) => row.DstDn === '101',
  )
  assert.deepEqual([old?.CallAnswered, old?.CallTime, old?.DstCallerNumber], [true, 'PT3M12S', 'Ext.101'])

  const recordingId = ((talk?.Recordings ?? []) as Row[])[0]?.Id
  const [recording] = await list(`/Recordings?$filter=Id%20eq%20${String(recordingId)}`)
  assert.deepEqual(
    [recording?.FromCallerNumber, recording?.ToDn, recording?.CallType],
    ['+36301234567', '101', 'InboundExternal'],
  )
  assert.match(
    String(recording?.RecordingUrl),
    /^101\/\[Teszt Elek\]_101-\+36301234567_20260304091502\(\d+\)\.wav$/,
  )
  const wav = await fetch(
    `${simulator.url}/xapi/v1/Recordings/Pbx.DownloadRecording(recId=${String(recordingId)})`,
    { headers: { authorization: `Bearer ${client.token}` } },
  )
  assert.equal(wav.headers.get('content-type'), 'audio/x-wav')
  assert.match(wav.headers.get('content-disposition') ?? '', /\.wav"/)
  assert.equal(Buffer.from(await wav.arrayBuffer()).toString('latin1', 0, 4), 'RIFF')
  assert.equal(
    (await list('/LastCdrAndChatMessageTimestamp'))[0]?.LastCdrStartedAt,
    '2026-03-04T09:15:02.000Z',
  )

  const ids = [
    callid,
    ringing?.Id,
    talk?.SegmentId,
    talk?.CallId,
    recordingId,
    old?.SegmentId,
    fields[0]?.replace('Call ', ''),
  ]
  assert.equal(new Set(ids.map(String)).size, ids.length)
})

test('the other direction: the PBX listens, and the chosen fields have the chosen lengths', async (t) => {
  const { ask, simulator } = await openStopped(t)
  const EnabledFields = [
    { Name: 'to-no', Length: 0 },
    { Name: 'from-no', Length: 14 },
  ]
  const settings = { Enabled: true, LogType: 'PassiveSocket', SocketPort: 0, EnabledFields }
  assert.equal((await ask('PATCH', '/xapi/v1/CDRSettings', settings)).status, 204)
  await simulator.cdr.ready()
  const socket = connect(simulator.cdr.port() ?? 0, '127.0.0.1')
  t.after(() => socket.destroy())
  await once(socket, 'connect')
  await simulator.cdr.accepted(1)
  const received = once(socket, 'data')
  await simulator.play('0 inbound a from +36301234567 to +3615550112\n1s miss a')
  assert.equal(String((await received)[0]), 'Ext.100,+36301234567  \r\n')
})

test('CDR settings that cannot work are refused', async (t) => {
  const { ask } = await openStopped(t)
  for (const settings of [
    { SocketPort: 70_000 },
    { Enabled: true, LogType: 'ActiveSocket' },
    { EnabledFields: [{ Name: 'x', Length: 0 }] },
    { LogType: 'Pigeon' },
  ])
    assert.equal((await ask('PATCH', '/xapi/v1/CDRSettings', settings)).status, 400, JSON.stringify(settings))
})

/** What a script leaves in the call log, oldest first: where, how it stood, and for how long it was talked. */
async function story(client: Client, script: string): Promise<unknown[][]> {
  await client.simulator.play(script)
  const rows = await client.list(`${logPath()}?$top=1000`)
  return rows
    .toSorted((a, b) => Number(a.SegmentId) - Number(b.SegmentId))
    .map((row) => [row.DestinationCallerId, row.Status, row.TalkingDuration])
}

test('a transferred call has a row for each who had it', async (t) => {
  const rows = await story(
    await openStopped(t),
    '0 inbound a from +361 to +3615550112\n+5s answer a by 100\n+10s transfer a to 103\n+3s answer a\n+60s hangup a',
  )
  assert.deepEqual(rows, [
    ['100', 'Answered', 'PT10S'],
    ['103', 'Answered', 'PT1M'],
  ])
})

test('keys lead through the digital receptionist to a ring group', async (t) => {
  const rows = await story(
    await openStopped(t),
    '0 inbound a from +361 to +3615550110\n+4s press a digits 2\n+5s answer a by 103\n+30s hangup a by callee',
  )
  assert.deepEqual(rows, [
    ['700', 'Answered', 'PT4S'],
    ['600', 'Waiting', 'PT0S'],
    ['100', 'Unanswered', 'PT0S'],
    ['103', 'Answered', 'PT30S'],
  ])
})

test('a queue nobody answers sends the caller on to the voice mail', async (t) => {
  const rows = await story(
    await openStopped(t),
    '0 inbound a from +361 to +3615550111\n+30s noanswer a\n+20s hangup a',
  )
  assert.deepEqual(rows.at(-1), ['101', 'Answered', 'PT20S'])
})

test('at night the rule leads elsewhere', async (t) => {
  const rows = await story(
    await openStopped(t),
    '0 inbound a from +361 to +3615550110 hours out\n+9s hangup a',
  )
  assert.deepEqual(rows, [['100', 'Answered', 'PT9S']])
})

test('calls to the outside and between extensions', async (t) => {
  const rows = await story(
    await openStopped(t),
    '0 outbound o from 100 to +36205556666\n+8s answer o\n+10s hangup o\n+1s internal i from 101 to 102\n+3s answer i\n+7s hangup i',
  )
  assert.deepEqual(rows, [
    ['+36205556666', 'Answered', 'PT10S'],
    ['102', 'Answered', 'PT7S'],
  ])
})

test('scripts that cannot be read are refused with the place', async (t) => {
  const { control } = await openStopped(t)
  for (const [script, words] of [
    ['soon inbound a from 1', /line 1: "soon" is no time/],
    ['0 inbound a from 1\n1 juggle a', /line 2: "do" is one of/],
    [[{ do: 'inbound', from: '1', colour: 'red' }], /step 1: inbound knows no "colour"/],
    ['0 answer a', /No call is named a/],
    [7, /text or a list/],
  ] as const) {
    const reply = await control('POST', '/calls', { script })
    assert.equal(reply.status, 400)
    assert.match(reply.text.replaceAll('\\"', '"'), words)
  }
})

type Listener = { events: Row[]; until: (holds: (event: Row) => boolean) => Promise<Row>; socket: WebSocket }

async function listen(t: TestContext, { simulator, token }: Client): Promise<Listener> {
  const socket = new WebSocket(`${simulator.url.replace('http', 'ws')}/callcontrol/ws`, {
    headers: { authorization: `Bearer ${token}` },
  })
  t.after(() => socket.terminate())
  const events: Row[] = []
  const looking = new Set<() => void>()
  socket.on('message', (data: Buffer) => {
    events.push((JSON.parse(data.toString()) as { event: Row }).event)
    for (const look of looking) look()
  })
  await once(socket, 'open')
  const until = (holds: (event: Row) => boolean): Promise<Row> =>
    new Promise((resolve) => {
      const look = (): void => {
        const found = events.find(holds)
        if (!found) return
        looking.delete(look)
        resolve(found)
      }
      looking.add(look)
      look()
    })
  return { events, until, socket }
}

test('the socket tells where something changed and nothing more, and only of monitored DNs', async (t) => {
  const client = await openStopped(t)
  const principal = client.simulator.pbx.store.numbered('ServicePrincipals', 'simulator')
  await client.ask('PATCH', `/xapi/v1/ServicePrincipals(${String(principal?.Id)})`, {
    Peers: [{ Number: '100' }],
  })
  const { events, until } = await listen(t, client)
  await client.simulator.play(
    '0 inbound a from +361 to +3615550111\n0 inbound b from +362 to +3615550112\n1s answer b\n2s hangup b',
  )
  const gone = await until((event) => event.event_type === 1)
  const entity = String(gone.entity)
  assert.match(entity, /^\/callcontrol\/100\/participants\/\d+$/)
  assert.deepEqual(
    events,
    [0, 0, 1].map((event_type) => ({ event_type, entity, attached_data: null })),
  )
  assert.equal((await client.ask('GET', '/callcontrol/101')).status, 403)
  assert.deepEqual(
    ((await client.ask('GET', '/callcontrol')).json as unknown as Row[]).map(({ dn }) => dn),
    ['100'],
  )
})

test('a route point holds a call, is told its keys, and sends it on over the socket', async (t) => {
  const client = await openStopped(t)
  const { until, socket } = await listen(t, client)
  await client.simulator.play('0 inbound a from +361 to +3615550114\n1s press a digits 5')
  const { entity } = await until(
    (event) => event.event_type === 0 && String(event.entity).startsWith('/callcontrol/900/'),
  )
  assert.deepEqual((await until((event) => event.event_type === 2)).attached_data, { dtmf_input: '5' })
  socket.send(
    JSON.stringify({
      RequestID: 'r1',
      Path: `${String(entity)}/routeto`,
      RequestData: { Destination: '104', Timeout: 30 },
    }),
  )
  const { attached_data: answer } = await until((event) => event.event_type === 4)
  assert.deepEqual([(answer as Row).RequestID, (answer as Row).StatusCode], ['r1', 200])
  const [rung] = (await client.ask('GET', '/callcontrol/104/participants')).json as unknown as Row[]
  assert.deepEqual([rung?.status, rung?.on_behalf_of_dn], ['Ringing', '900'])
  await client.ask('POST', `/callcontrol/104/participants/${String(rung?.id)}/answer`, {})
  assert.deepEqual((await client.ask('GET', '/callcontrol/900/participants')).json, [])
  socket.send(JSON.stringify({ RequestID: 'r2', Path: '/callcontrol' }))
  const snapshot = await until((event) => (event.attached_data as Row | null)?.RequestID === 'r2')
  assert.ok(((snapshot.attached_data as Row).Response as Row[]).length > 6)
})

test('a socket without a token is refused, and one whose token was replaced is closed with 4401', async (t) => {
  const client = await openStopped(t)
  const { socket } = await listen(t, client)
  const closed = once(socket, 'close')
  await client.signIn()
  assert.equal((await closed)[0], 4401)
  await assert.rejects(listen(t, { ...client, token: 'wrong' }), /401/)
})

test('calls are made, diverted, transferred and given data by call control', async (t) => {
  const { ask, list } = await openStopped(t)
  const post = async (path: string, body: Row = {}) => ask('POST', `/callcontrol${path}`, body)
  const one = async (dn: string): Promise<Row> =>
    ((await ask('GET', `/callcontrol/${dn}/participants`)).json as unknown as Row[])[0] ?? {}
  const made = await post('/100/makecall', { destination: '101', timeout: 30, attacheddata: { ticket: '7' } })
  assert.deepEqual([made.json.finalstatus, (made.json.result as Row).status], ['Success', 'Dialing'])
  await post(`/101/participants/${String((await one('101')).id)}/divert`, { destination: '102' })
  assert.equal((await one('101')).id, undefined)
  const rung = await one('102')
  await post(`/102/participants/${String(rung.id)}/answer`)
  assert.equal((await one('100')).status, 'Connected')
  await post(`/102/participants/${String(rung.id)}/attach_party_data`, {
    attacheddata: { public_customer: 'CL1' },
  })
  assert.deepEqual((await one('100')).attached_data, { ticket: '7', public_customer: 'CL1' })
  await post(`/102/participants/${String(rung.id)}/transferto`, { destination: '103' })
  assert.deepEqual([(await one('103')).status, (await one('103')).referred_by_dn], ['Ringing', '102'])
  const [active] = await list('/ActiveCalls')
  assert.equal((await ask('POST', `/xapi/v1/ActiveCalls(${String(active?.Id)})/Pbx.DropCall`)).status, 204)
  assert.deepEqual(await list('/ActiveCalls'), [])
  assert.equal((await post('/100/makecall', {})).status, 400)
  assert.equal((await post('/100/participants/1/drop')).status, 404)
  const clicked = await ask('POST', '/xapi/v1/Users/Pbx.MakeCall', { dn: '100', destination: '+36205556666' })
  assert.deepEqual([clicked.json.FinalStatus, (clicked.json.Result as Row).DN], ['Success', '100'])
})

test('a call nobody answers within its time is withdrawn', async (t) => {
  const client = await openStopped(t)
  const { until } = await listen(t, client)
  await client.simulator.play('0 inbound a from +361 to +3615550114')
  const [held] = (await client.ask('GET', '/callcontrol/900/participants')).json as unknown as Row[]
  await client.ask('POST', `/callcontrol/900/participants/${String(held?.id)}/routeto`, {
    destination: '104',
    timeout: 0.02,
  })
  const gone = await until((event) => event.event_type === 1)
  assert.match(String(gone.entity), /^\/callcontrol\/104\//)
  assert.equal(
    ((await client.ask('GET', '/callcontrol/900/participants')).json as unknown as Row[])[0]?.status,
    'Ringing',
  )
  await client.ask('POST', '/callcontrol/100/makecall', { destination: '101', timeout: 0.02 })
  await until((event) => event.event_type === 1 && String(event.entity).startsWith('/callcontrol/100/'))
})

test('a script with times plays in its own time when it is not asked to be instant', async (t) => {
  const { simulator } = await openClient(t, { instant: false })
  const calls = await simulator.play(
    [
      { at: 0, do: 'inbound', from: '+361', to: '+3615550112' },
      { at: 30, do: 'hangup' },
    ],
    false,
  )
  assert.equal(calls[0]?.endedAt === null, false)
})
