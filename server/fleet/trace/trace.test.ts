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
  // In a year without a 29 February it lies between the 28th and March, and its hours with it.
  const around = { Month: 2, Day: 29, MonthEnd: 3, DayEnd: 2, TimeOfStartDate: 'PT12H', IsRecurrent: true }
  const before = { Month: 2, Day: 27, MonthEnd: 2, DayEnd: 29, TimeOfEndDate: 'PT16H', IsRecurrent: true }
  assert.deepEqual(
    ['2026-02-28T22:00:00Z', '2026-02-28T23:00:00Z', '2028-02-29T10:00:00Z', '2028-02-29T11:00:00Z'].map(
      (text) => is(around, text),
    ),
    [false, true, false, true],
  )
  assert.deepEqual(
    ['2026-02-28T22:59:00Z', '2026-02-28T23:00:00Z', '2028-02-29T14:59:00Z', '2028-02-29T15:00:00Z'].map(
      (text) => is(before, text),
    ),
    [true, false, true, false],
  )
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

const profiles = (more: Row[] = []): Row[] => [
  { Name: 'Available', NoAnswerTimeout: 15, AvailableRoute: { NoAnswerExternal: to('VoiceMail') } },
  ...more,
]
const exception = (Condition: string, Destination: Row, more: Row = {}): Row => ({
  Enabled: true,
  Condition,
  Destination,
  ...more,
})
const PROCEED = to('ProceedWithNoExceptions')
const leadsOf = (users: Row[], more: Record<string, Row[]> = {}, asked = {}) => {
  const rules = [rule({ OfficeHoursDestination: to('Extension', '100') })]
  const found = ask(worldOf({ users, inbound_rules: rules, ...more }), asked)
  const extension = found.nodes.find(({ id }) => id === 'extension:100')
  return extension?.ways.map(({ on, to: id }) => `${on} ${id}`)
}

test('a rule of an extension that proceeds leaves the caller to the profile, past every other rule', () => {
  const rules = [
    exception('ForwardAll', to('Extension', '101')),
    exception('NoAnswer', to('Extension', '102')),
    exception('BasedOnCallerID', PROCEED, { Data: '*345678' }),
  ]
  const users = (ForwardingExceptions: Row[]): Row[] => [
    { Number: '100', ForwardingProfiles: profiles(), ForwardingExceptions },
    { Number: '101' },
    { Number: '102' },
  ]
  const plain = ['no_answer voicemail:100', 'busy end', 'not_registered end']
  assert.deepEqual(leadsOf(users(rules)), plain)
  assert.deepEqual(leadsOf(users(rules), {}, { caller: '+49' }), ['always extension:101'])
  assert.deepEqual(leadsOf(users(rules.slice(1)), {}, { caller: '+49' }), [
    'no_answer extension:102',
    ...plain.slice(1),
  ])
  assert.deepEqual(leadsOf(users([exception('NoAnswer', PROCEED)])), plain)
})

test('the rules of an extension keep the hours of its department', () => {
  const users: Row[] = [
    {
      Number: '100',
      PrimaryGroupId: 2,
      Groups: [{ GroupId: 1 }, { GroupId: 2 }],
      ForwardingProfiles: profiles(),
      ForwardingExceptions: [
        exception('ForwardAll', to('Extension', '101'), { Hours: { Type: 'OutOfOfficeHours' } }),
      ],
    },
    { Number: '101' },
  ]
  const groups: Row[] = [
    { Id: 1, Number: 'GRP1', Name: 'Open', Hours: { Type: 'AllHours' } },
    { Id: 2, Number: 'GRP2', Name: 'Closed', Hours: { Type: 'Never' } },
  ]
  assert.deepEqual(leadsOf(users, { groups }), ['always extension:101'])
  assert.equal(leadsOf([{ ...users[0]!, PrimaryGroupId: 1 }, users[1]!], { groups })?.length, 3)
})

test('every status of an extension has its ways', () => {
  const own = { NoAnswerExternal: to('Queue', '800'), BusyExternal: to('VoiceMail') }
  const more: Row[] = [
    { Name: 'Away', AwayRoute: { External: to('VoiceMail'), Internal: to('Extension', '101') } },
    { Name: 'Custom 1', CustomName: 'Lunch', NoAnswerTimeout: 5, AvailableRoute: own },
  ]
  const users: Row[] = [{ Number: '100', ForwardingProfiles: profiles(more) }]
  assert.deepEqual(leadsOf(users, { queues: [{ Number: '800' }] }), [
    'no_answer voicemail:100',
    'busy end',
    'not_registered end',
    'status Away voicemail:100',
    'status Lunch no_answer queue:800',
    'status Lunch busy voicemail:100',
    'status Lunch not_registered end',
  ])
})

test('a holiday or break that a queue has no destination for is a day like any other', () => {
  const holidays: Row[] = [{ Name: 'Feast', Month: 5, Day: 6, IsRecurrent: true }]
  const goes = (queue: Row, hours: Row, groups: Row[] = []) =>
    ask(
      worldOf({
        holidays,
        groups,
        'settings.OfficeHours': [{ TimeZoneId: '51', Hours: hours }],
        queues: [{ Number: '800', Groups: [{ GroupId: 1 }], ...queue }],
        users: [{ Number: '100' }, { Number: '101' }],
        inbound_rules: [rule({ OfficeHoursDestination: to('Queue', '800') })],
      }),
    ).steps[3]?.node
  const out = { OutOfOfficeRoute: { Route: to('Extension', '100') } }
  const off = { HolidaysRoute: { Route: to('Extension', '101') } }
  assert.equal(goes(out, { Type: 'Never' }), 'extension:100')
  assert.equal(goes({ ...out, ...off }, { Type: 'Never' }), 'extension:101')
  assert.equal(goes(out, { Type: 'AllHours' }), 'end')
  const byHand = (CurrentGroupHours: string): Row[] => [
    { Id: 1, Number: 'GRP1', Name: 'A', CurrentGroupHours },
  ]
  assert.equal(goes(out, { Type: 'AllHours' }, byHand('ForceHoliday')), 'end')
  assert.equal(goes(out, { Type: 'AllHours' }, byHand('ForceClosed, HasForcedMask')), 'extension:100')
})

test('who is switched off, or not rung for ring groups, is not rung', () => {
  const users: Row[] = [
    { Number: '100', Enabled: false },
    { Number: '101', ForwardingProfiles: [{ Name: 'Available', DisableRingGroupCalls: true }] },
    { Number: '102' },
  ]
  const people: Row[] = users.map(({ Number = '' }) => ({ Number }))
  const rung = (destination: Row) =>
    ask(
      worldOf({
        users,
        queues: [{ Number: '800', Agents: people }],
        ring_groups: [{ Number: '600', Members: people }],
        inbound_rules: [rule({ OfficeHoursDestination: destination })],
      }),
    ).nodes.flatMap(({ kind, rings }) => (kind === 'extension' ? [] : rings.map(({ number }) => number)))
  assert.deepEqual(rung(to('Queue', '800')), ['101', '102'])
  assert.deepEqual(rung(to('RingGroup', '600')), ['102'])
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
    ivrs: [{ Number: '700', Timeout: 5, TimeoutForwardType: 'RepeatPrompt' }],
    inbound_rules: [
      rule({
        Id: 8,
        Condition: 'BasedOnCallerID',
        Data: '+49*',
        OfficeHoursDestination: to('IVR', '700'),
      }),
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
      'dead_end ivr:700',
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

test('every rule of an extension, whenever it holds, is a way into where it leads', () => {
  const caller = (Data: string, number: string) =>
    exception('BasedOnCallerID', to('Extension', number), { Data })
  const ForwardingExceptions = [
    caller('+331', '101'),
    caller('+332', '102'),
    exception('PhoneBusy', to('Extension', '103')),
    exception('PhoneBusy', to('Extension', '104'), { Hours: { Type: 'Never' } }),
  ]
  const world = worldOf({
    users: [
      { Number: '100', ForwardingProfiles: profiles(), ForwardingExceptions },
      ...['101', '102', '103', '104'].map((Number) => ({ Number })),
    ],
    inbound_rules: [
      rule({ OfficeHoursDestination: to('Extension', '100') }),
      rule({ Id: 2, CallType: 'InternalCallsOnly', OfficeHoursDestination: to('Extension', '101') }),
    ],
  })
  for (const [number, on] of [
    ['101', 'rule'],
    ['102', 'rule'],
    ['103', 'busy'],
    ['104', 'busy'],
  ] as const) {
    const found = waysInto(world, number)
    assert.deepEqual(found?.directly, [{ node: 'extension:100', on }])
    // A rule for internal calls is no way in from outside.
    assert.deepEqual(
      found?.ways.map((one) => one.rule.id),
      [1],
    )
  }
})

test('in a picture of many menus nothing lies over anything else, and what a label leaves out is told', () => {
  const numbers = Array.from({ length: 20 }, (_, index) => String(700 + index))
  const ivrs = numbers.map((Number, index): Row => {
    const keys = [...'1234567890'].map((Input, key): Row => {
      const ForwardDN = numbers[(index * 3 + key) % numbers.length] ?? ''
      return { Input, ForwardType: 'IVR', ForwardDN }
    })
    return { Number, Timeout: 5, TimeoutForwardType: 'IVR', TimeoutForwardDN: '700', Forwards: keys }
  })
  const statuses = ['Away', 'Out of office', 'Custom 1', 'Custom 2', 'Late'].map((Name): Row => {
    return { Name, AwayRoute: { External: to('VoiceMail') } }
  })
  ivrs[19]!['InvalidKeyForwardDN'] = '100'
  const users = [{ Number: '100', ForwardingProfiles: profiles(statuses) }]
  const inbound_rules = [rule({ OfficeHoursDestination: to('IVR', '700') })]
  const found = ask(worldOf({ ivrs, users, inbound_rules }))
  const svg = drawTrace(found)
  const boxes = [
    ...svg.matchAll(/<rect class="(place|again)" x="(\d+)" y="(\d+)" width="(\d+)" height="(\d+)"/g),
  ].map((match) => ({ what: match[1], at: match.slice(2).map(Number) }))
  assert.equal(boxes.filter(({ what }) => what === 'place').length, found.nodes.length)
  const corners = boxes.map(({ at: [x = 0, y = 0, width = 0, height = 0] }) => [x, y, x + width, y + height])
  for (const [index, [left = 0, top = 0, right = 0, bottom = 0]] of corners.entries())
    for (const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] of corners.slice(index + 1))
      assert.ok(x1 >= right || left >= x2 || y1 >= bottom || top >= y2, `two boxes at ${left}, ${top}`)
  const lines = [...svg.matchAll(/<path d="M\d+ \d+ H\d+ V(\d+) H(\d+)"/g)].map((match) => match[0])
  assert.equal(lines.length, boxes.length - 1)
  // Every line comes in at a place of its own.
  assert.equal(new Set(lines.map((line) => line.replace(/^.*V/, ''))).size, lines.length)
  assert.match(svg, /no answer 15 s, status Away<[^]*and 3 more/)
  assert.match(svg, /<title>no answer 15 s, status Away, status Out of office, [^<]*status Late<\/title>/)
})

test('a picture holds every place once, and no text of the PBX as markup', () => {
  const users = [{ Number: '100', FirstName: '"><script>alert(1)</script>\u0007' }]
  const world = worldOf({ users, inbound_rules: [rule({ OfficeHoursDestination: to('Extension', '100') })] })
  const found = ask(world)
  const svg = drawTrace(found)
  assert.equal(svg.match(/<rect class="place"/g)?.length, found.nodes.length)
  assert.ok(!svg.includes('<script') && !svg.includes('\u0007'))
  assert.ok(svg.includes('&lt;script&gt;'))
})
