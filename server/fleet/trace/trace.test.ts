import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Row } from '../snapshots/canonical.ts'
import { calendarOf, momentOf } from './calendar.ts'
import { reportOn } from './report.ts'
import { fits } from './rules.ts'
import { isHoliday, periodAt } from './schedule.ts'
import { trace } from './trace.ts'
import { drawTrace } from './picture.ts'
import { waysInto } from './ways-in.ts'
import { openWorld } from './world.ts'

const KINDS = [
  'users',
  'groups',
  'trunks',
  'inbound_rules',
  'outbound_rules',
  'queues',
  'ring_groups',
  'ivrs',
]
const DID = '+3611'
const to = (To: string, Number = ''): Row => ({ To, Number })
const rule = (more: Row): Row => ({
  Id: 1,
  RuleName: 'Main',
  Condition: 'BasedOnDID',
  Data: DID,
  TrunkDN: { Number: '10000' },
  ...more,
})

const worldOf = (resources: Record<string, Row[]>, unreadable = {}) =>
  openWorld(
    {
      format: 1,
      version: null,
      unreadable,
      resources: {
        ...Object.fromEntries(KINDS.map((name) => [name, []])),
        faxes: [],
        parkings: [],
        call_flows: [],
        trunks: [{ Id: 7, Number: '10000', DidNumbers: [DID] }],
        time_zones: [{ Id: '51', IanaName: 'Europe/Budapest' }],
        'settings.OfficeHours': [{ TimeZoneId: '51', Hours: { Type: 'AllHours' } }],
        ...resources,
      },
    },
    'UTC',
  )
const at = (text: string) => Date.parse(text)
const NOW = at('2026-05-06T10:00:00+02:00')
const ask = (world: ReturnType<typeof worldOf>, more = {}) =>
  trace(world, { did: DID, caller: '+33612345678', at: NOW, ...more })
const nodesOf = (found: ReturnType<typeof trace>) => found.steps.map(({ node }) => node)

test('masks stand for any digits where the star is', () => {
  for (const [mask, number, does] of [
    ['+3611', '+36 11', true],
    ['+3611', '+36112', false],
    ['*11', '+3611', true],
    ['+36*', '+3611', true],
    ['+3*1', '+3611', true],
    ['+36*11', '+3611', true],
    ['+361*11', '+3611', false],
    ['*', '', true],
    ['', '', false],
  ] as const)
    assert.equal(fits(mask, number), does, `${mask} ${number}`)
})

test('every rule before the matching one says why it is not the one', () => {
  const world = worldOf({
    inbound_rules: [
      rule({ Id: 1, Data: '+3612', RuleName: 'Other number', OfficeHoursDestination: to('None') }),
      rule({ Id: 2, TrunkDN: { Number: '10001' }, RuleName: 'Other trunk' }),
      rule({ Id: 3, CallType: 'InternalCallsOnly', RuleName: 'Inside' }),
      rule({ Id: 4, Condition: 'BasedOnCallerID', Data: '*999', RuleName: 'Other caller' }),
      rule({ Id: 5, RuleName: 'This', OfficeHoursDestination: to('Extension', '100') }),
      rule({ Id: 6, RuleName: 'Never looked at' }),
    ],
    users: [{ Number: '100', FirstName: 'Anna' }],
  })
  const { considered, steps } = ask(world)
  assert.deepEqual(
    considered.map(({ name, matched }) => [name, matched]),
    [
      ['Other caller', false],
      ['Other number', false],
      ['Other trunk', false],
      ['Inside', false],
      ['This', true],
    ],
  )
  for (const [index, words] of [
    '+33612345678 is not *999',
    'is not +3612',
    'trunk 10001',
    'internal',
  ].entries())
    assert.ok(considered[index]?.why.includes(words), `${index}: ${words}`)
  assert.equal(steps[1]?.node, 'rule:5')
})

test('a department’s hours count in its zone, over midnight and on the days the clocks change', () => {
  const hours = {
    Type: 'SpecificHours',
    Periods: [
      { DayOfWeek: 'Sunday', Start: '02:00:00', Stop: '04:00:00' },
      { DayOfWeek: 'Friday', Start: '22:00:00', Stop: '06:00:00' },
    ],
  }
  const world = worldOf({
    groups: [{ Id: 1, Number: 'GRP1', Name: 'Night', TimeZoneId: '51', Hours: hours }],
  })
  const calendar = calendarOf(world, world.departments[0] ?? null)
  const state = (text: string) => momentOf(calendar, at(text)).hours
  // 2026-03-29: 02:00 is 03:00 in Budapest.
  assert.equal(state('2026-03-29T00:59:59Z'), 'out')
  assert.equal(state('2026-03-29T01:00:00Z'), 'office')
  assert.equal(state('2026-03-29T01:59:59Z'), 'office')
  assert.equal(state('2026-03-29T02:00:00Z'), 'out')
  // 2026-10-25: 02:30 comes twice.
  assert.equal(state('2026-10-25T00:30:00Z'), 'office')
  assert.equal(state('2026-10-25T01:30:00Z'), 'office')
  // From Friday night into Saturday.
  assert.equal(state('2026-05-08T21:30:00Z'), 'office')
  assert.equal(state('2026-05-09T03:59:59Z'), 'office')
  assert.equal(state('2026-05-09T04:00:00Z'), 'out')
  assert.match(momentOf(calendar, NOW).why, /department Night.*in Europe\/Budapest/)
})

test('holidays of one day, of several, over the new year, on 29 February, and with times', () => {
  const is = (holiday: Row, text: string) => isHoliday(holiday, 'Europe/Budapest', at(text))
  const yearly = { Month: 12, Day: 24, MonthEnd: 1, DayEnd: 2, IsRecurrent: true }
  assert.deepEqual(
    ['2025-12-23T23:30:00Z', '2025-12-31T12:00:00Z', '2026-01-02T22:59:59Z', '2026-01-02T23:00:00Z'].map(
      (text) => is(yearly, text),
    ),
    [true, true, true, false],
  )
  const once = { Month: 5, Day: 1, MonthEnd: 5, DayEnd: 3, Year: 2026, YearEnd: 2026 }
  assert.deepEqual([is(once, '2026-05-02T10:00:00Z'), is(once, '2027-05-02T10:00:00Z')], [true, false])
  const leap = { Month: 2, Day: 29, IsRecurrent: true }
  assert.deepEqual([is(leap, '2028-02-29T10:00:00Z'), is(leap, '2026-03-01T10:00:00Z')], [true, false])
  const noon = { Month: 5, Day: 1, TimeOfStartDate: 'PT12H', TimeOfEndDate: 'PT23H59M' }
  assert.deepEqual([is(noon, '2026-05-01T09:59:00Z'), is(noon, '2026-05-01T21:59:30Z')], [false, true])
  assert.equal(periodAt(null, 'UTC', NOW), null)
})

test('holiday, break, hours and what was set by hand each lead a department’s calls elsewhere', () => {
  const route = (number: string): Row => ({ Route: to('Extension', number) })
  const department = (more: Row = {}): Row => ({
    Id: 1,
    Number: 'GRP1',
    Name: 'Sales',
    TimeZoneId: '51',
    Hours: { Type: 'SpecificHours', Periods: [{ DayOfWeek: 'Wednesday', Start: '09:00', Stop: '17:00' }] },
    BreakTime: {
      Type: 'SpecificHours',
      Periods: [{ DayOfWeek: 'Wednesday', Start: '12:00', Stop: '13:00' }],
    },
    OfficeHolidays: [{ Name: 'Feast', Month: 5, Day: 13 }],
    OfficeRoute: route('100'),
    BreakRoute: route('101'),
    OutOfOfficeRoute: route('102'),
    HolidaysRoute: route('103'),
    CustomOperator: to('Extension', '104'),
    ...more,
  })
  const goes = (more: Row, text: string) => {
    const users = ['100', '101', '102', '103', '104'].map((Number) => ({ Number }))
    const rules = [rule({ OfficeHoursDestination: to('Group', 'GRP1') })]
    const world = worldOf({ groups: [department(more)], users, inbound_rules: rules })
    return nodesOf(ask(world, { at: at(text) }))[3]
  }
  assert.equal(goes({}, '2026-05-06T10:00:00+02:00'), 'extension:100')
  assert.equal(goes({}, '2026-05-06T12:30:00+02:00'), 'extension:101')
  assert.equal(goes({}, '2026-05-06T18:00:00+02:00'), 'extension:102')
  assert.equal(goes({}, '2026-05-13T10:00:00+02:00'), 'extension:103')
  const closed = { CurrentGroupHours: 'ForceClosed', OverrideExpiresAt: '2026-05-06T09:00:00Z' }
  assert.equal(goes(closed, '2026-05-06T10:00:00+02:00'), 'extension:102')
  assert.equal(goes(closed, '2026-05-06T11:30:00+02:00'), 'extension:100')
  assert.equal(
    goes({ CurrentGroupHours: 'ForceCustomOperator' }, '2026-05-06T10:00:00+02:00'),
    'extension:104',
  )
})

test('an extension goes on by its forwarding profile and by its rules for callers', () => {
  const users: Row[] = [
    {
      Number: '100',
      ForwardingProfiles: [
        {
          Name: 'Available',
          NoAnswerTimeout: 15,
          AvailableRoute: {
            NoAnswerExternal: { To: 'External', External: '+36301112222' },
            BusyExternal: to('Queue', '800'),
            NotRegisteredExternal: to('VoiceMail'),
          },
        },
        { Name: 'Away', AwayRoute: { External: to('Extension', '101') } },
      ],
    },
    { Number: '101', Enabled: false },
  ]
  const resources: Record<string, Row[]> = {
    users,
    queues: [
      { Number: '800', Name: 'Support', MasterTimeout: 60, Agents: [{ Number: '100' }, { Number: '999' }] },
    ],
    outbound_rules: [
      { Name: 'Short', NumberLengthRanges: '1-4' },
      { Name: 'Mobile', Prefix: '+3630,06', NumberLengthRanges: '8-14' },
    ],
    inbound_rules: [rule({ OfficeHoursDestination: to('Extension', '100') })],
  }
  const found = ask(worldOf(resources))
  assert.deepEqual(nodesOf(found), [`number:${DID}`, 'rule:1', 'extension:100', 'external:+36301112222'])
  const extension = found.nodes.find(({ id }) => id === 'extension:100')
  assert.deepEqual(
    extension?.ways.map(({ on, after_seconds, to: id }) => [on, after_seconds, id]),
    [
      ['no_answer', 15, 'external:+36301112222'],
      ['busy', null, 'queue:800'],
      ['not_registered', null, 'voicemail:100'],
      ['status Away', null, 'extension:101'],
    ],
  )
  assert.deepEqual(found.nodes.find(({ kind }) => kind === 'external')?.why, ['outbound rule "Mobile"'])
  assert.deepEqual(found.finals, [
    'extension:100',
    'external:+36301112222',
    'queue:800',
    'voicemail:100',
    'end',
  ])
  users[0]!['ForwardingExceptions'] = [
    { Enabled: true, Condition: 'BasedOnCallerID', Data: '*345678', Destination: to('VoiceMail') },
  ]
  assert.deepEqual(nodesOf(ask(worldOf(resources))).slice(2), ['extension:100', 'voicemail:100'])
  assert.equal(nodesOf(ask(worldOf(resources), { caller: '' }))[3], 'external:+36301112222')
})

test('queues and receptionists that are closed send calls on at once, and calls that go round are seen to', () => {
  const closed = { Type: 'Never' }
  const world = worldOf({
    'settings.OfficeHours': [{ TimeZoneId: '51', Hours: closed }],
    queues: [{ Number: '800', OutOfOfficeRoute: { Route: to('IVR', '700') }, Agents: [{ Number: '100' }] }],
    ivrs: [
      {
        Number: '700',
        Timeout: 5,
        TimeoutForwardType: 'Queue',
        TimeoutForwardDN: '800',
        Forwards: [{ Input: '1', ForwardType: 'EndCall' }],
      },
    ],
    users: [{ Number: '100' }],
    inbound_rules: [rule({ OfficeHoursDestination: to('Queue', '800') })],
  })
  const found = ask(world)
  assert.deepEqual(nodesOf(found), [`number:${DID}`, 'rule:1', 'queue:800', 'ivr:700', 'queue:800'])
  assert.deepEqual(found.cycles, [['ivr:700', 'queue:800']])
  assert.deepEqual(found.finals, ['end'])
  assert.match(found.steps[3]?.why[0] ?? '', /outside the office hours of the PBX: never open/)
  assert.deepEqual(
    reportOn(world).map(({ kind, node }) => [kind, node]),
    [['loop', 'ivr:700']],
  )
})

test('the report finds what is never reached, what is not there, what nobody looks at, and what nobody takes', () => {
  const world = worldOf({
    trunks: [{ Id: 7, Number: '10000', DidNumbers: [DID, '+3612', '+3613', '+3614'] }],
    users: [{ Number: '100', VMEnabled: false }],
    queues: [{ Number: '800', Agents: [{ Number: '999' }], ForwardNoAnswer: to('VoiceMail', '100') }],
    ring_groups: [{ Number: '600', Members: [] }],
    inbound_rules: [
      rule({ Id: 1, OfficeHoursDestination: to('Queue', '800') }),
      rule({ Id: 2, OfficeHoursDestination: to('Extension', '100') }),
      rule({ Id: 3, Data: '+3699', OfficeHoursDestination: to('Extension', '100') }),
      rule({ Id: 4, Data: '+3612', OfficeHoursDestination: to('Extension', '555') }),
      rule({
        Id: 5,
        Data: '+3613',
        TrunkDN: { Number: '10009' },
        OfficeHoursDestination: to('RingGroup', '600'),
      }),
      rule({ Id: 6, Data: '*13', OfficeHoursDestination: to('External'), RuleName: 'Out' }),
      rule({
        Id: 7,
        Condition: 'BasedOnCallerID',
        Data: '+331',
        CallType: 'InternalCallsOnly',
        OfficeHoursDestination: to('Extension', '100'),
      }),
    ],
    outbound_rules: [{ Name: 'Abroad', Routes: [{ TrunkId: 7 }, { TrunkId: 8 }] }],
  })
  const found = new Set(reportOn(world).map(({ kind, node }) => `${kind} ${node}`))
  assert.deepEqual(
    found,
    new Set([
      'unreachable_rule rule:2',
      'unreachable_rule rule:3',
      'unreachable_rule rule:7',
      'did_without_rule number:+3614',
      'dangling_reference queue:800',
      'dangling_reference rule:4',
      'dangling_reference rule:5',
      'dangling_reference rule:6',
      'dangling_reference outbound_rule:Abroad',
      'dead_end ring_group:600',
      'dead_end voicemail:100',
    ]),
  )
  for (const { why, what_to_do: advice } of reportOn(world)) assert.ok(why.length > 10 && advice.length > 10)
})

test('what could not be read is not told as missing', () => {
  const resources = { inbound_rules: [rule({ OfficeHoursDestination: to('Queue', '800') })] }
  const { queues: _, ...rest } = { queues: [], ...resources }
  const world = worldOf(rest, { queues: 'The role does not allow it.' })
  const blind = openWorld(
    {
      ...world.configuration,
      resources: Object.fromEntries(
        Object.entries(world.configuration.resources).filter(([name]) => name !== 'queues'),
      ),
    },
    'UTC',
  )
  assert.deepEqual(reportOn(blind), [])
  assert.equal(ask(blind).steps.at(-1)?.node, 'unread:800')
  assert.deepEqual(ask(blind).notes, ['queues could not be read: The role does not allow it.'])
})

test('every way into an extension, the shortest from each rule', () => {
  const world = worldOf({
    users: [{ Number: '100' }],
    queues: [{ Number: '800', Agents: [{ Number: '100' }] }],
    ivrs: [{ Number: '700', Forwards: [{ Input: '1', ForwardType: 'Queue', ForwardDN: '800' }] }],
    inbound_rules: [
      rule({
        Id: 1,
        OfficeHoursDestination: to('IVR', '700'),
        AlterDestinationDuringHolidays: true,
        HolidaysDestination: to('None'),
      }),
      rule({ Id: 2, Data: '+3612', OfficeHoursDestination: to('Extension', '100') }),
    ],
  })
  const found = waysInto(world, '100')
  assert.deepEqual(found?.directly, [{ node: 'queue:800', on: 'agent' }])
  assert.deepEqual(
    found?.ways.map(({ rule: { id }, hours, through }) => [
      id,
      hours,
      through.map(({ node, on }) => `${node} ${on}`),
    ]),
    [
      [1, 'office', ['ivr:700 key 1', 'queue:800 agent']],
      [2, 'office', []],
    ],
  )
  assert.equal(waysInto(world, '999'), null)
})

test('a picture holds every place once, and no text of the PBX as markup', () => {
  const users = [{ Number: '100', FirstName: '"><script>alert(1)</script>\u0007' }]
  const world = worldOf({ users, inbound_rules: [rule({ OfficeHoursDestination: to('Extension', '100') })] })
  const found = ask(world)
  const svg = drawTrace(found)
  assert.equal(svg.match(/<rect x=/g)?.length, found.nodes.length)
  assert.ok(!svg.includes('<script') && !svg.includes('\u0007'))
  assert.ok(svg.includes('&lt;script&gt;'))
})
