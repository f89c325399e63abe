import assert from 'node:assert/strict'
import { createServer, request as ask, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import type { Simulator, SimulatorOptions } from '../pbx-simulator/simulator.ts'
import type { Json } from './hub.ts'
import { changesOf, newPbxBehind, settingsFor, told, type PbxBehind } from './pbx-behind.ts'
import { post } from './pbx-fleet.ts'
import { onEachStore } from './stores.ts'

const CHANGING = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])

type Rules = PbxBehind & {
  path: string
  /** What was sent to the PBX to change something, oldest first. */
  sent(): { method: string; path: string; body: Json }[]
  rows(): Json[]
  rowOf(id: number): Json
}

async function newRules(
  t: TestContext,
  engine: 'sqlite' | 'postgres' = 'sqlite',
  options: SimulatorOptions = {},
): Promise<Rules> {
  const pbx = await newPbxBehind(t, engine, options)
  const rows = () => [...pbx.simulator.pbx.store.rows('InboundRules')] as Json[]
  return {
    ...pbx,
    path: `/api/v1/pbx3cx/${pbx.host.code}/inbound-rules`,
    sent: () =>
      pbx.simulator.requests
        .list()
        .filter(({ method, path }) => CHANGING.has(method) && path.startsWith('/xapi'))
        .map(({ method, path, body }) => ({ method, path, body: body as Json })),
    rows,
    rowOf: (id) => rows().find((row) => row.Id === id),
  }
}

/** A number of the trunk that no rule has. */
const FREE = '+3615550115'
const NEW = {
  rule_name: 'Night desk',
  condition: 'BasedOnDID',
  data: FREE,
  trunk_dn: { number: '10000' },
  office_hours_destination: { to: 'Queue', number: '800' },
}
const WHOLE = {
  ...NEW,
  custom_data: 'kept as it is',
  call_type: 'ExternalCallsOnly',
  hours: {
    type: 'SpecificHours',
    ignore_holidays: false,
    periods: [
      { day_of_week: 'Monday', start: '08:30:00', stop: '12:00:00' },
      { day_of_week: 'Friday', start: '08:30:00', stop: '16:00:00' },
    ],
  },
  out_of_office_hours_destination: { to: 'VoiceMail', number: '101' },
  holidays_destination: { to: 'External', external: '+33123456789' },
  alter_destination_during_out_of_office_hours: true,
  alter_destination_during_holidays: true,
}
/** The same as 3CX spells it, objects within as JSON texts. */
const THEIRS = {
  RuleName: 'Night desk',
  Condition: 'Based On DID',
  Data: FREE,
  TrunkDN: '{"Number":"10000"}',
  OfficeHoursDestination: '{"To":"Queue","Number":"800","External":""}',
  CustomData: 'kept as it is',
  CallType: 'External Calls Only',
  Hours: JSON.stringify({
    Type: 'SpecificHours',
    IgnoreHolidays: false,
    Periods: [
      { DayOfWeek: 'Monday', Start: '08:30:00', Stop: '12:00:00' },
      { DayOfWeek: 'Friday', Start: '08:30:00', Stop: '16:00:00' },
    ],
  }),
  OutOfOfficeHoursDestination: { To: 'VoiceMail', Number: '101' },
  HolidaysDestination: { To: 'External', External: '+33123456789' },
  AlterDestinationDuringOutOfOfficeHours: 'true',
  AlterDestinationDuringHolidays: 1,
}

/** The properties of a rule that were given, as an answer has them. */
function given(answer: Json): Json {
  const { id: _id, warnings: _warnings, trunk_dn: trunk, ...rule } = answer
  const bare = (destination: Json) =>
    Object.fromEntries(
      Object.entries(destination).filter(
        ([name, value]) => !['name', 'type'].includes(name) && value !== null,
      ),
    )
  for (const field of ['office_hours_destination', 'out_of_office_hours_destination', 'holidays_destination'])
    rule[field] = bare(rule[field])
  return { ...rule, trunk_dn: { number: trunk.number } }
}

onEachStore('inbound rules', (engine) => {
  test('every property is created as it was given, in our spelling and in 3CX’s, with complete objects', async (t) => {
    const { ask, path, sent, rowOf } = await newRules(t, engine)
    const ours = told(await ask('POST', path, { body: WHOLE }), 201)
    assert.deepEqual(given(ours), WHOLE)
    assert.deepEqual(ours.warnings, [])
    assert.deepEqual(
      [ours.office_hours_destination.name, ours.trunk_dn.name],
      ['Support', rowOf(ours.id).TrunkDN.Name],
    )
    const { body } = sent()[0]!
    assert.ok(!('Id' in body))
    assert.deepEqual(body.OfficeHoursDestination, {
      To: 'Queue',
      Type: 'Queue',
      Number: '800',
      Name: 'Support',
      External: '',
      Tags: [],
    })
    assert.deepEqual(body.TrunkDN, { Id: rowOf(ours.id).TrunkDN.Id, Number: '10000' })
    const read = told(await ask('GET', `${path}/${ours.id}`), 200)
    assert.deepEqual({ ...read, warnings: [] }, ours)

    assert.equal((await ask('DELETE', `${path}/${ours.id}`)).status, 204)
    const theirs = told(await ask('POST', `${path}?raw=1`, { body: THEIRS }), 201)
    assert.deepEqual(sent().at(-1)?.body, body, 'both spellings send the same')
    const { warnings, ...raw } = theirs
    assert.deepEqual(warnings, [])
    assert.deepEqual(raw, told(await ask('GET', `${path}/${theirs.Id}?raw=1`), 200))
    assert.deepEqual([raw.RuleName, raw.TrunkDN.Number, raw.Hours.Periods.length], ['Night desk', '10000', 2])
  })

  test('PUT and PATCH change what is given, one property after the other, and say nothing else', async (t) => {
    const { ask, path, sent } = await newRules(t, engine)
    const { id } = told(await ask('POST', path, { body: NEW }), 201)
    let present = told(await ask('GET', `${path}/${id}`), 200)
    const steps: [method: string, change: Json, field: string][] = [
      ['PATCH', { rule_name: 'Renamed' }, 'RuleName'],
      ['PUT', { CustomData: 'x' }, 'CustomData'],
      ['PATCH', { CallType: 'Internal Calls Only' }, 'CallType'],
      ['PUT', { data: '+3615550115', call_type: 'ExternalCallsOnly' }, 'CallType'],
      ['PATCH', { OfficeHoursDestination: '{"Number": "800", "To": "queue"}' }, ''],
      ['PUT', { office_hours_destination: { to: 'Extension', number: 100 } }, 'OfficeHoursDestination'],
      ['PATCH', { office_hours_destination: { number: '101' } }, 'OfficeHoursDestination'],
      ['PUT', { OutOfOfficeHoursDestination: { To: 'Fax', Number: '888' } }, 'OutOfOfficeHoursDestination'],
      [
        'PATCH',
        { alter_destination_during_out_of_office_hours: true },
        'AlterDestinationDuringOutOfOfficeHours',
      ],
      ['PUT', { Hours: '{"Type":"All Hours"}' }, 'Hours'],
      ['PATCH', { holidays_destination: { to: 'RoutePoint', number: '900' } }, 'HolidaysDestination'],
      ['PUT', { AlterDestinationDuringHolidays: true }, 'AlterDestinationDuringHolidays'],
      ['PATCH', { condition: 'based on caller id', data: '*678' }, 'Condition,Data'],
      ['PUT', { rule_name: null, CustomData: null }, 'RuleName,CustomData'],
      [
        'PATCH',
        { holidays_destination: null, alter_destination_during_holidays: null },
        'HolidaysDestination,AlterDestinationDuringHolidays',
      ],
      ['PUT', { hours: null }, 'Hours'],
      ['PATCH', { trunk_dn: '10000' }, ''],
    ]
    for (const [method, change, fields] of steps) {
      const before = sent().length
      const { warnings: _warnings, ...rule } = told(await ask(method, `${path}/${id}`, { body: change }), 200)
      const news = sent().slice(before)
      assert.equal(Object.keys(news[0]?.body ?? {}).join(','), fields, `${method} ${JSON.stringify(change)}`)
      assert.equal(news.length, fields === '' ? 0 : 1)
      const read = await ask('GET', `${path}/${id}`)
      assert.deepEqual(rule, read.json)
      const touched = Object.keys(rule).filter(
        (name) => JSON.stringify(rule[name]) !== JSON.stringify(present[name]),
      )
      assert.equal(touched.length, fields === '' ? 0 : fields.split(',').length, touched.join())
      present = read.json
    }
    assert.deepEqual(
      [present.rule_name, present.custom_data, present.condition, present.data, present.hours.type],
      [null, null, 'BasedOnCallerID', '*678', 'OfficeHours'],
    )
    assert.deepEqual(
      [present.holidays_destination.to, present.office_hours_destination.number],
      ['None', '101'],
    )
    // What was read can be given back whole.
    const before = sent().length
    for (const query of ['', '?raw=1']) {
      const { json } = await ask('GET', `${path}/${id}${query}`)
      told(await ask('PUT', `${path}/${id}`, { body: json }), 200)
    }
    assert.equal(sent().length, before)
  })

  test('a change is audited with before and after, under a key once, and refused to who has read another state', async (t) => {
    const rules = await newRules(t, engine)
    const { ask, path, sent, rowOf, newToken } = rules
    const key = { 'idempotency-key': 'once' }
    const first = await ask('POST', path, { body: NEW, headers: key })
    const again = await ask('POST', path, { body: NEW, headers: key })
    assert.deepEqual([first.status, again.status, again.text], [201, 201, first.text])
    assert.equal(sent().length, 1)
    const one = `${path}/${first.json.id}`

    const read = await ask('GET', one)
    const etag = read.headers.get('etag') ?? ''
    assert.equal((await ask('GET', `${one}?raw=1`)).headers.get('etag'), etag)
    assert.equal((await ask('GET', one, { headers: { 'if-none-match': etag } })).status, 304)
    assert.equal(read.headers.get('cache-control'), 'no-store')
    const changed = await ask('PATCH', one, { body: { rule_name: 'Two' }, headers: { 'if-match': etag } })
    const next = changed.headers.get('etag') ?? ''
    assert.equal(next, (await ask('GET', one)).headers.get('etag'))
    told(
      await ask('PUT', one, { body: { rule_name: 'Three' }, headers: { 'if-match': etag } }),
      412,
      'precondition_failed',
    )
    told(await ask('DELETE', one, { headers: { 'if-match': etag } }), 412, 'precondition_failed')
    // Somebody else at the console of the PBX.
    rowOf(first.json.id).RuleName = 'By hand'
    told(
      await ask('PATCH', one, { body: { rule_name: 'Four' }, headers: { 'if-match': next } }),
      412,
      'precondition_failed',
    )
    assert.equal(sent().length, 2)
    assert.equal(rowOf(first.json.id).RuleName, 'By hand')

    const now = (await ask('GET', one)).headers.get('etag') ?? ''
    const answers = await Promise.all(
      Array.from({ length: 4 }, (_, i) =>
        ask('PATCH', one, { body: { rule_name: `writer ${i}` }, headers: { 'if-match': now } }),
      ),
    )
    const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b)
    assert.deepEqual(statuses, [200, 412, 412, 412])

    assert.equal((await ask('DELETE', one)).status, 204)
    told(await ask('DELETE', one), 404, 'not_found')
    told(await ask('PATCH', one, { body: {} }), 404, 'not_found')
    const audits = await changesOf(rules)
    assert.deepEqual(
      audits.map(({ object, source }: Json) => [object, source]),
      [
        [`DeleteInboundRule /InboundRules(${first.json.id})`, 'xapi'],
        [`UpdateInboundRule /InboundRules(${first.json.id})`, 'xapi'],
        [`UpdateInboundRule /InboundRules(${first.json.id})`, 'xapi'],
        ['CreateInboundRule /InboundRules', 'xapi'],
      ],
    )
    const [gone, , update, create] = audits
    assert.deepEqual([create.before, create.after.Id, create.after.Data], [null, first.json.id, FREE])
    assert.deepEqual([update.before.RuleName, update.after.RuleName], ['Night desk', 'Two'])
    assert.deepEqual([gone.before.Data, gone.after], [FREE, null])

    const reader = await newToken(['fleet:read'])
    told(await ask('POST', path, { body: NEW, token: reader }), 403, 'scope_missing')
    const ofHost = await newToken(['fleet:read', 'fleet:write'], { host_id: rules.host.id })
    told(await ask('POST', path, { body: NEW, token: ofHost }), 403, 'forbidden')
    told(await ask('POST', `${path}/bulk-delete`, { body: { ids: [1] }, token: ofHost }), 403, 'forbidden')
  })
})

test('a snapshot tells what others have changed, not again what was changed here', async (t) => {
  const rules = await newRules(t)
  const { ask, path, host, rows } = rules
  const snapshot = async () => told(await ask('POST', `/api/v1/pbx3cx/${host.code}/snapshots`), 201)
  await snapshot()
  const [one, two, three, four] = rows()
  const made = told(await ask('POST', path, { body: WHOLE }), 201)
  told(await ask('PATCH', `${path}/${one!.Id}`, { body: { rule_name: 'First' } }), 200)
  told(await ask('PATCH', `${path}/${one!.Id}`, { body: { rule_name: 'Second' } }), 200)
  told(await ask('POST', `${path}/bulk-delete`, { body: { ids: [two!.Id] } }), 200)
  told(await ask('PATCH', `${path}/${three!.Id}`, { body: { rule_name: 'Here' } }), 200)
  // At the console of the PBX: after it was changed here, and without.
  Object.assign(rules.rowOf(three!.Id), { RuleName: 'There' })
  Object.assign(rules.rowOf(four!.Id), { RuleName: 'Only there' })
  assert.equal((await snapshot()).changes, 5)
  const found = (await changesOf(rules)).filter(({ source }) => source === 'snapshot')
  assert.deepEqual(new Set(found.map(({ after }) => after.RuleName)), new Set(['Only there', 'There']))
  assert.equal(rules.rowOf(made.id).RuleName, WHOLE.rule_name)
})

test('what may not be is refused by field with what to do, and nothing is sent', async (t) => {
  const { ask, path, sent, rows, simulator } = await newRules(t)
  const [main] = rows()
  const before = rows().map((row) => structuredClone(row))
  const bodies: [body: Json, fields: string[], says: RegExp][] = [
    [{}, ['condition', 'trunk_dn', 'data', 'office_hours_destination'], /Say /],
    [{ ...NEW, ruleNam: 'x' }, ['ruleNam'], /Given twice|did you mean rule_name/],
    [{ ...NEW, data: '+3699999999' }, ['data'], /does not list \+3699999999/],
    [{ ...NEW, data: main!.Data }, ['data'], /change that one, or delete it first/],
    [{ ...NEW, trunk_dn: { id: 99 } }, ['trunk_dn.id'], /no trunk 99/],
    [
      { ...NEW, office_hours_destination: { To: 'Queue', Number: '100' } },
      ['office_hours_destination.number'],
      /100 is an extension \("Anna Almási"\), not a queue: set to = Extension/,
    ],
    [{ ...NEW, hours: '{"type":"SpecificHours"}' }, ['hours.periods'], /needs periods/],
    [{ ...NEW, alter_destination_during_holidays: true }, ['holidays_destination'], /needs it/],
    [{ ...NEW, call_type: 'Some' }, ['call_type'], /AllCalls/],
  ]
  for (const [body, fields, says] of bodies) {
    const refused = told(await ask('POST', path, { body }), 422, 'validation_failed')
    assert.deepEqual(Object.keys(refused.errors), fields)
    assert.match(JSON.stringify(refused.errors), new RegExp(says.source.replaceAll('"', String.raw`\\"`)))
  }
  const one = `${path}/${main!.Id}`
  told(await ask('PATCH', one, { body: { data: null } }), 422, 'validation_failed')
  told(await ask('PUT', one, { body: { id: main!.Id + 1 } }), 422, 'validation_failed')
  told(await ask('PUT', one, { body: '[]', type: 'application/json' }), 422, 'validation_failed')
  told(await ask('POST', path), 422, 'validation_failed')
  const missing = await ask('POST', `${path}/bulk-delete`, { body: { ids: [main!.Id, 999] } })
  assert.deepEqual(Object.keys(told(missing, 422, 'validation_failed').errors), ['ids.1'])
  told(await ask('POST', `${path}/bulk-delete`, { body: { ids: [] } }), 422, 'validation_failed')
  assert.deepEqual([sent(), rows()], [[], before])
  assert.ok(simulator.requests.list().length > 0)
})

test('what is worth a look is said with the answer, and what was wrong before is nobody’s fault', async (t) => {
  const { ask, path, rowOf } = await newRules(t)
  const made = told(
    await ask('POST', path, { body: { ...NEW, id: 77, holidays_destination: { to: 'Fax', number: '888' } } }),
    201,
  )
  assert.deepEqual(
    made.warnings.map(({ field, code }: Json) => [field, code]),
    [
      ['id', 'id_not_sent'],
      ['holidays_destination', 'destination_unused'],
    ],
  )
  // The PBX itself looks at the whole rule; here its words are heard.
  rowOf(made.id).OfficeHoursDestination.Number = '999'
  const theirs = told(
    await ask('PATCH', `${path}/${made.id}`, { body: { rule_name: 'x' } }),
    422,
    'pbx_refused',
  )
  assert.deepEqual(Object.keys(theirs.errors), ['office_hours_destination.number'])
  assert.match(theirs.message, /The PBX refuses office_hours_destination\.number/)
})

test('several are deleted together, and what was there is told', async (t) => {
  const rules = await newRules(t)
  const { ask, path, rows, sent } = rules
  const [one, two] = rows()
  const ids = [two!.Id, one!.Id]
  const gone = told(await ask('POST', `${path}/bulk-delete`, { body: { ids } }), 200)
  assert.deepEqual(
    gone.deleted.map(({ id, data }: Json) => [id, data]),
    [
      [two!.Id, two!.Data],
      [one!.Id, one!.Data],
    ],
  )
  assert.deepEqual(
    sent().map(({ body }) => body),
    [{ ids }],
  )
  assert.ok(rows().every(({ Id }) => !ids.includes(Id)))
  const [audit] = await changesOf(rules)
  assert.deepEqual(
    audit!.before.map(({ Id }: Json) => Id),
    ids,
  )
})

/** Stands before a PBX: `meddle` may answer a request itself, or cut it off once the PBX has answered. */
async function newGateway(
  t: TestContext,
  { url }: Simulator,
  meddle: (asked: IncomingMessage, answer: ServerResponse) => 'answered' | 'lost' | null,
): Promise<string> {
  const gateway = createServer((asked, answer) => {
    const what = meddle(asked, answer)
    if (what === 'answered') return
    const { host: _host, ...headers } = asked.headers
    const onward = ask(new URL(asked.url ?? '/', url), { method: asked.method, headers }, (told) => {
      if (what === 'lost') {
        told.resume().on('end', () => asked.socket.destroy())
        return
      }
      answer.writeHead(told.statusCode ?? 500, told.headers)
      told.pipe(answer)
    })
    asked.pipe(onward)
  })
  await new Promise<void>((resolve) => void gateway.listen(0, '127.0.0.1', resolve))
  t.after(async () => {
    gateway.closeAllConnections()
    await new Promise((resolve) => gateway.close(resolve))
  })
  return `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`
}

test('a change whose answer is lost is neither repeated nor taken for undone', async (t) => {
  const rules = await newRules(t)
  const { simulator, host, rows } = rules
  let isLosing = true
  const xapi_url = await newGateway(t, simulator, ({ method, url = '' }) =>
    isLosing && method === 'POST' && url.includes('/InboundRules') ? 'lost' : null,
  )
  told(await rules.ask('PATCH', `/api/v1/pbx3cx-hosts/${host.id}`, { body: { xapi_url } }), 200)
  const before = rows().length
  const headers = { 'idempotency-key': 'lost' }
  const lost = await rules.ask('POST', rules.path, { body: NEW, headers })
  told(lost, 504, 'pbx_outcome_unknown')
  isLosing = false
  assert.equal((await rules.ask('POST', rules.path, { body: NEW, headers })).text, lost.text)
  assert.equal(rows().length, before + 1)
  const [audit] = await changesOf(rules)
  assert.deepEqual([audit!.after.Data, audit!.comment !== null], [FREE, true])
  told(await rules.ask('POST', rules.path, { body: NEW }), 422, 'validation_failed')
})

test('what the PBX says against a change is told apart, in our names', async (t) => {
  const { ask, path, host, simulator, rows } = await newRules(t)
  told(await ask('GET', path), 200)
  const error = (status: number, body: object) => (answer: ServerResponse) => {
    answer.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    return 'answered' as const
  }
  const refusal = (message: string, target = 'Data') =>
    error(400, {
      error: { code: '', message: `${target}\n${message}`, details: [{ code: '', message, target }] },
    })
  type Meddle = (answer: ServerResponse) => 'answered'
  let meddle = null as Meddle | null
  const xapi_url = await newGateway(t, simulator, ({ method, url = '' }, answer) =>
    method === 'POST' && url.includes('/InboundRules') ? (meddle?.(answer) ?? null) : null,
  )
  told(await ask('PATCH', `/api/v1/pbx3cx-hosts/${host.id}`, { body: { xapi_url } }), 200)
  const cases: [meddle: Meddle, status: number, code: string, says: RegExp, fields?: string[]][] = [
    [refusal('WARNINGS.XAPI.ALREADY_IN_USE'), 409, 'conflict', /refuses data: is in use already/, ['data']],
    [
      refusal('WARNINGS.XAPI.NOT_FOUND', 'OutOfOfficeHoursDestination.Number'),
      422,
      'pbx_refused',
      /does not exist on this PBX/,
      ['out_of_office_hours_destination.number'],
    ],
    [error(403, {}), 403, 'pbx_forbidden', /role of the API client/],
    [error(500, {}), 502, 'pbx_failed', /500/],
  ]
  for (const [one, status, code, says, fields] of cases) {
    meddle = one
    const { message, errors } = told(await ask('POST', path, { body: NEW }), status, code)
    assert.match(message, says)
    assert.deepEqual(errors && Object.keys(errors), fields)
  }
  const before = rows().length
  told(await ask('PATCH', `/api/v1/pbx3cx-hosts/${host.id}`, { body: { xapi_client_secret: 'wrong' } }), 200)
  told(await ask('POST', path, { body: NEW }), 502, 'pbx_credentials_refused')
  assert.equal(rows().length, before)
})

test('a PBX that is away is answered for by its last snapshot, which says so; nothing is changed then', async (t) => {
  const { ask, path, host, simulator, sent } = await newRules(t)
  const live = await ask('GET', path)
  assert.deepEqual([live.headers.get('age'), live.headers.get('cordboard-stale')], ['0', null])
  simulator.faults.set('500')
  told(await ask('GET', path), 502, 'pbx_failed')
  simulator.faults.clear()
  told(await ask('POST', `/api/v1/pbx3cx/${host.code}/snapshots`), 201)
  simulator.faults.set('500')
  const stale = await ask('GET', path)
  const { data } = told(stale, 200)
  // All but what call flows are called: this PBX does not list them.
  const named = (rules: Json[]) => rules.filter((rule) => rule.office_hours_destination.to !== 'RoutePoint')
  assert.deepEqual(named(data), named(live.json.data))
  assert.match(stale.headers.get('age') ?? '', /^\d+$/)
  assert.match(stale.headers.get('cordboard-stale') ?? '', /./)
  const one = `${path}/${data[0].id}`
  assert.deepEqual(told(await ask('GET', one), 200), data[0])
  assert.equal(told(await ask('GET', `${one}?raw=1`), 200).Data, data[0].data)
  told(await ask('GET', `${path}/999`), 404, 'not_found')
  told(await ask('GET', `${path}/caller-id-rules`), 200)
  for (const [method, address, body] of [
    ['POST', path, NEW],
    ['PUT', one, { rule_name: 'x' }],
    ['DELETE', one, undefined],
    ['POST', `${path}/bulk-delete`, { ids: [data[0].id] }],
  ] as const)
    told(await ask(method, address, body ? { body } : {}), 502, 'pbx_failed')
  assert.deepEqual(sent(), [])
})

test('rules of callers are exported as JSON and as a sheet, whichever way the PBX exports them', async (t) => {
  const { ask, path, host, simulator } = await newRules(t)
  const caller = { ...NEW, condition: 'BasedOnCallerID', rule_name: '=1+1, "VIP"', data: '*612345678' }
  const made = told(
    await ask('POST', path, { body: { ...caller, holidays_destination: { to: 'Fax', number: '888' } } }),
    201,
  )
  const { warnings: _warnings, ...rule } = made
  const check = async () => {
    assert.deepEqual(told(await ask('GET', `${path}/caller-id-rules`), 200), { data: [rule] })
    const sheet = await ask('GET', `${path}/caller-id-rules?format=csv`)
    assert.match(sheet.headers.get('content-type') ?? '', /^text\/csv/)
    const [head, line, end] = sheet.text.split('\r\n')
    assert.ok(head?.startsWith('id,rule_name,condition,data,'))
    assert.equal(
      line,
      `${rule.id},"'=1+1, ""VIP""",BasedOnCallerID,*612345678,AllCalls,10000,OfficeHours,Queue 800,,,`,
    )
    assert.equal(end, '')
  }
  await check()
  const raw = told(await ask('GET', `${path}/caller-id-rules?raw=1`), 200)
  assert.deepEqual(
    raw.data.map(({ Data }: Json) => Data),
    ['*612345678'],
  )
  const exports = simulator.requests.list().filter(({ path: one }) => one.includes('ExportCallerIdRules'))
  assert.equal(exports.length, 3)

  let answers: 'file' | 'nothing' = 'file'
  const xapi_url = await newGateway(t, simulator, ({ url = '' }, answer) => {
    if (!url.includes('ExportCallerIdRules')) return null
    if (answers === 'file')
      answer.writeHead(200, { 'content-type': 'text/csv' }).end('Number;Name\r\n1;x\r\n')
    else answer.writeHead(404).end()
    return 'answered'
  })
  told(await ask('PATCH', `/api/v1/pbx3cx-hosts/${host.id}`, { body: { xapi_url } }), 200)
  await check()
  const file = await ask('GET', `${path}/caller-id-rules?raw=1`)
  assert.deepEqual([file.status, file.text], [200, 'Number;Name\r\n1;x\r\n'])
  assert.match(file.headers.get('content-disposition') ?? '', /^attachment/)
  answers = 'nothing'
  await check()
  assert.deepEqual(told(await ask('GET', `${path}/caller-id-rules?raw=1`), 200).data.length, 1)
})

test('a role that may not see the trunks is told what could not be looked at', async (t) => {
  const { ask, path, host, simulator } = await newRules(t)
  const xapi_url = await newGateway(t, simulator, ({ url = '' }, answer) => {
    if (!/\/(Trunks|Peers)\b/.test(url)) return null
    answer.writeHead(403).end()
    return 'answered'
  })
  const narrow = await post(ask, 'pbx3cx-hosts', {
    ...settingsFor(simulator),
    host_name: 'narrow.example',
    xapi_url,
  })
  const made = told(
    await ask('POST', `/api/v1/pbx3cx/${narrow.id}/inbound-rules`, { body: { ...NEW, trunk_dn: '10000' } }),
    201,
  )
  assert.deepEqual(
    made.warnings.map(({ code }: Json) => code),
    ['trunk_unchecked', 'number_unchecked'],
  )
  assert.notEqual(narrow.id, host.id)
  assert.equal(told(await ask('GET', `${path}/${made.id}`), 200).data, FREE)
})
