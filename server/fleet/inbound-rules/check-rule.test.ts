import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Row } from '../snapshots/canonical.ts'
import { openWorld } from '../trace/world.ts'
import { blamedOn, checkRule } from './check-rule.ts'
import type { Complaint } from './complaint.ts'
import { readRule } from './read-rule.ts'
import { resolveRule } from './resolve-rule.ts'
import { mergeRule } from './shape.ts'

const trunk = (Id: number, Number: string, DidNumbers: string[], Name = 'Carrier', more: Row = {}): Row => ({
  Id,
  Number,
  DidNumbers,
  Gateway: { Name },
  ...more,
})
const rule = (Id: number, Condition: string, Data: string, more: Row = {}): Row => ({
  Id,
  RuleName: `Rule ${Id}`,
  Condition,
  Data,
  TrunkDN: { Id: 1, Number: '10000' },
  ...more,
})

const worldOf = (resources: Record<string, Row[]> = {}) =>
  openWorld(
    {
      format: 1,
      version: null,
      unreadable: {},
      resources: {
        users: [{ Number: '100', FirstName: 'Anna' }],
        queues: [{ Number: '800', Name: 'Support' }],
        ring_groups: [{ Number: '600', Name: 'Sales' }],
        ivrs: [{ Number: '700', Name: 'Welcome' }],
        faxes: [{ Number: '888' }],
        parkings: [{ Number: 'SP0' }],
        call_flows: [{ Number: '900', Name: 'Lookup' }],
        groups: [],
        trunks: [
          trunk(1, '10000', ['+3615550110', '+3615550111']),
          trunk(2, '10001', ['+3615550199', '+3615550111'], 'Backup', { EnableInboundCalls: false }),
        ],
        inbound_rules: [],
        ...resources,
      },
    },
    'UTC',
  )

const GOOD = {
  condition: 'BasedOnDID',
  data: '+3615550110',
  trunk_dn: { number: '10000' },
  office_hours_destination: { to: 'Extension', number: '100' },
}

function complaints(change: object, world = worldOf(), id: number | null = null): Complaint[] {
  const draft = resolveRule({ ...mergeRule(null, readRule({ ...GOOD, ...change })), id }, world)
  return checkRule(draft, world)
}
const codes = (found: readonly Complaint[]) =>
  found.map(({ field, code, refuses }) => `${refuses ? 'refuses' : 'warns'} ${field} ${code}`)
const to = (destination: object) => ({ office_hours_destination: destination })
const days = (...periods: [string, string, string][]) =>
  periods.map(([day_of_week, start, stop]) => ({ day_of_week, start, stop }))

test('a rule that is right has nothing to complain of, for every kind of destination', () => {
  for (const destination of [
    { to: 'Extension', number: '100' },
    { to: 'VoiceMail', number: '100' },
    { to: 'Queue', number: '800' },
    { to: 'RingGroup', number: '600' },
    { to: 'IVR', number: '700' },
    { to: 'Fax', number: '888' },
    { to: 'RoutePoint', number: '900' },
    { to: 'External', external: '+33 1 23 45 67 89' },
    { to: 'None' },
  ])
    assert.deepEqual(complaints(to(destination)), [], destination.to)
  assert.deepEqual(complaints({ condition: 'BasedOnCallerID', data: '*612345678' }), [])
  assert.deepEqual(complaints({ trunk_dn: 'carrier' }), [])
  assert.deepEqual(complaints({ trunk_dn: { id: 1 } }), [])
})

test('every fault is told by its field, its code, and what to do', () => {
  const specific = {
    alter_destination_during_out_of_office_hours: true,
    out_of_office_hours_destination: { to: 'VoiceMail', number: '100' },
  }
  const cases: [change: object, code: string, says: RegExp][] = [
    [{ condition: null }, 'refuses condition condition_missing', /BasedOnDID or BasedOnCallerID/],
    [{ condition: 'NoAnswer' }, 'warns condition condition_of_extensions', /may refuse it/],
    [{ data: null }, 'refuses data data_missing', /as the trunk lists it/],
    [{ trunk_dn: null }, 'refuses trunk_dn trunk_missing', /10000 "Carrier", 10001 "Backup"/],
    [
      { trunk_dn: { number: '10009' } },
      'refuses trunk_dn.number trunk_not_found',
      /no trunk 10009\. It has 10000/,
    ],
    [{ trunk_dn: { id: 99 } }, 'refuses trunk_dn.id trunk_not_found', /no trunk 99/],
    [{ trunk_dn: { name: 'Nobody' } }, 'refuses trunk_dn.name trunk_not_found', /no trunk Nobody/],
    [
      { trunk_dn: { id: 2, number: '10000' } },
      'refuses trunk_dn.id trunk_mismatch',
      /has the id 1 on this PBX, not 2: leave id out/,
    ],
    [{ data: '+3615550199' }, 'refuses data did_not_on_trunk', /trunk 10001 "Backup" does: name that trunk/],
    [
      { data: '+3699999999' },
      'refuses data did_not_on_trunk',
      /it has \+3615550110, \+3615550111\. Add the number to DidNumbers/,
    ],
    [{ data: '003615550110' }, 'refuses data did_not_on_trunk', /but \+3615550110: write it like that/],
    [{ condition: 'BasedOnCallerID', data: 'Anna' }, 'refuses data mask_not_valid', /\* for any digits/],
    [{ call_type: 'InternalCallsOnly' }, 'warns call_type internal_calls_only', /takes none of them/],
    [{ data: '+3615550199', trunk_dn: '10001' }, 'warns trunk_dn trunk_takes_no_calls', /allow them there/],
    [
      { office_hours_destination: undefined },
      'refuses office_hours_destination destination_missing',
      /\{"to": "None"\} to end them/,
    ],
    [to({ number: '100' }), 'refuses office_hours_destination.to destination_to_missing', /Extension, Queue/],
    [to({ to: 'Queue' }), 'refuses office_hours_destination.number number_missing', /number of a queue/],
    [
      to({ to: 'Queue', number: '999' }),
      'refuses office_hours_destination.number number_not_found',
      /no number 999/,
    ],
    [
      to({ to: 'Queue', number: '700' }),
      'refuses office_hours_destination.number number_of_other_kind',
      /700 is a digital receptionist \("Welcome"\), not a queue: set to = IVR/,
    ],
    [
      to({ to: 'VoiceMail', number: '800' }),
      'refuses office_hours_destination.number number_of_other_kind',
      /give the number of an extension/,
    ],
    [
      to({ to: 'Extension', number: 'SP0' }),
      'refuses office_hours_destination.number number_of_other_kind',
      /a parking place/,
    ],
    [
      to({ to: 'None', number: '800' }),
      'refuses office_hours_destination.number number_not_taken',
      /set to = Queue/,
    ],
    [to({ to: 'External' }), 'refuses office_hours_destination.external external_missing', /give external/],
    [
      to({ to: 'External', number: '+331' }),
      'refuses office_hours_destination.external external_missing',
      /write \+331 as external/,
    ],
    [
      to({ to: 'External', external: 'Anna' }),
      'refuses office_hours_destination.external external_not_dialled',
      /give digits/,
    ],
    [
      to({ to: 'External', external: '+331', number: '100' }),
      'refuses office_hours_destination.number number_not_taken',
      /leave number out/,
    ],
    [
      to({ to: 'Queue', number: '800', external: '+331' }),
      'refuses office_hours_destination.external external_not_taken',
      /set to = External/,
    ],
    [to({ to: 'Callback' }), 'warns office_hours_destination.to destination_of_extensions', /may refuse it/],
    [
      { alter_destination_during_holidays: true },
      'refuses holidays_destination destination_missing',
      /alter_destination_during_holidays is true and needs it/,
    ],
    [
      { alter_destination_during_holidays: true, holidays_destination: { to: 'None' } },
      'warns holidays_destination destination_none',
      /Calls end there/,
    ],
    [
      { holidays_destination: { to: 'VoiceMail', number: '100' } },
      'warns holidays_destination destination_unused',
      /set it to true/,
    ],
    [
      { hours: { type: 'AllHours', periods: days(['Monday', '08:00', '12:00']) } },
      'refuses hours.periods periods_not_taken',
      /set hours\.type to SpecificHours/,
    ],
    [
      { ...specific, hours: { type: 'SpecificHours' } },
      'refuses hours.periods periods_missing',
      /needs periods/,
    ],
    [
      { ...specific, hours: { type: 'SpecificHours', periods: days(['Monday', '18:00', '08:00']) } },
      'refuses hours.periods.0 period_order',
      /Over midnight write two: 18:00:00–23:59, and 00:00–08:00:00/,
    ],
    [
      {
        ...specific,
        hours: {
          type: 'SpecificHours',
          periods: days(
            ['Monday', '08:00', '12:00'],
            ['Tuesday', '08:00', '12:00'],
            ['Monday', '11:00', '13:00'],
          ),
        },
      },
      'refuses hours.periods.2 period_overlap',
      /overlaps 08:00:00–12:00:00/,
    ],
    [{ ...specific, hours: { type: 'Never' } }, 'warns hours.type never_in_hours', /not reached/],
    [{ ...specific, hours: { type: 'AllHours' } }, 'warns hours.type never_out_of_hours', /not reached/],
    [{ hours: { type: 'OutOfOfficeHours' } }, 'warns hours.type hours_without_effect', /decide nothing/],
    [
      {
        hours: { ignore_holidays: true },
        alter_destination_during_holidays: true,
        holidays_destination: { to: 'Fax', number: '888' },
      },
      'warns hours.ignore_holidays holidays_ignored',
      /set ignore_holidays to false/,
    ],
  ]
  for (const [change, code, says] of cases) {
    const found = complaints(change)
    assert.deepEqual(codes(found), [code], JSON.stringify(change))
    assert.match(found[0]?.message ?? '', says)
  }
})

test('periods that meet, and those of other days, do not overlap', () => {
  const periods = days(
    ['Monday', '13:00', '18:00'],
    ['Monday', '08:00', '13:00'],
    ['Tuesday', '08:00', '18:00'],
  )
  const found = complaints({
    hours: { type: 'SpecificHours', periods },
    alter_destination_during_out_of_office_hours: true,
    out_of_office_hours_destination: { to: 'VoiceMail', number: '100' },
  })
  assert.deepEqual(found, [])
})

test('trunks of one name cannot be told apart by it', () => {
  const world = worldOf({ trunks: [trunk(1, '10000', []), trunk(2, '10001', [])] })
  const [found] = complaints({ trunk_dn: { name: 'Carrier' } }, world)
  assert.deepEqual([found?.code, found?.message.includes('10000, 10001')], ['trunk_ambiguous', true])
})

test('rules that look at the same, hide each other, or never get a call are found', () => {
  const world = worldOf({
    inbound_rules: [
      rule(1, 'BasedOnDID', '+3615550110'),
      rule(2, 'BasedOnCallerID', '*678'),
      rule(3, 'BasedOnCallerID', '*345678'),
      rule(4, 'BasedOnDID', '+3615550111', { TrunkDN: { Id: 2, Number: '10001' } }),
    ],
  })
  const of = (change: object, id: number | null = null) => complaints(change, world, id)
  assert.deepEqual(codes(of({})), ['refuses data duplicate'])
  assert.match(of({})[0]?.message ?? '', /rule 1 "Rule 1" .* change that one, or delete it first/)
  assert.deepEqual(of({}, 1), [], 'a rule is no twin of itself')
  assert.deepEqual(codes(of({ data: '+3615550111' })), ['warns data number_on_two_trunks'])
  const caller = (data: string) => ({ condition: 'BasedOnCallerID', data })
  assert.deepEqual(codes(of(caller('+3612345678'))), ['warns data never_reached'])
  assert.match(of(caller('+3612345678'))[0]?.message ?? '', /rule 2 "Rule 2" comes before it/)
  assert.deepEqual(codes(of(caller('*78'), 2)), ['warns data hides'])
  assert.match(of(caller('*78'), 2)[0]?.message ?? '', /rule 3 "Rule 3"/)
  assert.deepEqual(codes(of(caller('*'))), ['warns data hides'], 'numbers are looked at after callers')
  assert.deepEqual(of(caller('*999')), [])
})

test('what the role may not see is not taken for missing', () => {
  const { configuration, ...world } = worldOf({ trunks: [] })
  const { trunks: _trunks, inbound_rules: _rules, ...resources } = configuration.resources
  const around = {
    ...world,
    configuration: { ...configuration, resources },
    stations: new Map(),
    unread: new Set(['extension'] as const),
  }
  const found = checkRule(mergeRule(null, readRule(GOOD)), around)
  assert.deepEqual(codes(found), [
    'warns trunk_dn trunk_unchecked',
    'warns office_hours_destination.number number_unchecked',
    'warns data rules_unchecked',
  ])
})

test('a change is not blamed for what was wrong before it', () => {
  const before = complaints(to({ to: 'Queue', number: '999' }))
  const after = complaints({ ...to({ to: 'Queue', number: '999' }), data: '+3699999999' })
  assert.deepEqual(codes(blamedOn(before, after)), [
    'refuses data did_not_on_trunk',
    'warns office_hours_destination.number number_not_found',
  ])
})
