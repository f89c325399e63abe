import fc from 'fast-check'
import {
  anyGoal,
  anyKeyGoal,
  DEPARTMENTS,
  maybeGoal,
  maybeRoute,
  MENUS,
  NOBODY,
  PEOPLE,
  QUEUES,
  RINGS,
  weighted,
} from './any-pbx-goal.ts'
import {
  time,
  type Department,
  type Feast,
  type Hours,
  type Period,
  type RuleHours,
} from './pbx-plan-hours.ts'
import {
  type Asked,
  type Event,
  type Exception,
  type Person,
  type Plan,
  type Routes,
  type Rule,
  type Status,
} from './pbx-plans.ts'

const CALLERS = ['+36301110001', '+36301110002', '+33612345678', 'anonymous']
const TRUNKS = [
  { number: '10000', dids: ['+36155501', '+36155502', '+36155503'] },
  { number: '10001', dids: ['+36199001', '+36199002'] },
]

const { constant, constantFrom, record, option } = fc
const anyRoutes: fc.Arbitrary<Routes> = fc.oneof(
  { weight: 2, arbitrary: constant({ holiday: null, break: null, out: null }) },
  { weight: 3, arbitrary: record({ holiday: maybeRoute, break: maybeRoute, out: maybeRoute }) },
)
const anyPeriod: fc.Arbitrary<Period> = record({
  day: fc.nat(6),
  start: fc.nat(1410),
  length: fc.integer({ min: 15, max: 1440 }),
})
  .map(({ day, start, length }) => {
    const stop = start + length
    // Over midnight, to the very midnight, or within the day.
    return { day, start: time(start), stop: time(stop >= 1440 ? stop - 1440 : stop) }
  })
  .filter(({ start, stop }) => start !== stop)
const anyPeriods = fc.array(anyPeriod, { maxLength: 6 })
const anyFeast: fc.Arbitrary<Feast> = record({
  name: constantFrom('Easter', 'Stocktaking', 'New Year'),
  year: constantFrom(0, 0, 2025, 2026),
  month: constantFrom(1, 2, 3, 10, 12),
  day: constantFrom(1, 2, 24, 28, 29, 30),
  days: constantFrom(1, 1, 2, 10),
  from: constantFrom(0, 0, 720),
  until: constantFrom(1439, 1439, 960),
}).filter(({ month, day }) => month !== 2 || day < 30)
const anyFeasts = fc.uniqueArray(anyFeast, { maxLength: 3, selector: ({ name }) => name })
const anyRuleHours = constantFrom<RuleHours[]>(
  'office',
  'office',
  'office',
  'closed',
  'breaks',
  'always',
  'never',
  'own',
  'ownWithoutFeasts',
  'notOwn',
  'notOwnAndFeasts',
)
const maybeDepartment = constantFrom(null, ...DEPARTMENTS)

const anyMask = fc.oneof(
  constantFrom(...TRUNKS.flatMap(({ dids }) => dids)).map((mask) => ({ looksAt: 'number' as const, mask })),
  constantFrom('*01', '*5502', '+361*', '*').map((mask) => ({ looksAt: 'number' as const, mask })),
  constantFrom('+36301110001', '*110002', '*345678', '+3630*1').map((mask) => ({
    looksAt: 'caller' as const,
    mask,
  })),
)
const anyRule: fc.Arbitrary<Rule> = fc
  .tuple(
    anyMask,
    record({
      trunk: constantFrom(...TRUNKS.map(({ number }) => number)),
      isInside: constantFrom(false, false, false, false, true),
      office: anyGoal,
      out: maybeGoal,
      holiday: maybeGoal,
      hours: anyRuleHours,
      ignoresFeasts: constantFrom(false, false, true),
    }),
  )
  .map(([mask, rest]) => ({ ...mask, ...rest }))

/** What is left over mostly goes somewhere. */
const anyLastRule = ({ number: trunk }: { number: string }) =>
  option(
    anyRule.map((rule): Rule => ({ ...rule, looksAt: 'number', mask: '*', trunk, isInside: false })),
    { nil: null, freq: 6 },
  )

const anyHours = constantFrom<Hours[]>('office', 'out', 'break', 'holiday', 'operator')
/** Moments of two years, many of them around midnights, changes of the clocks and the feasts. */
const anyMoment = fc
  .oneof(
    constantFrom(
      '2025-03-30T01:00Z',
      '2025-10-26T01:00Z',
      '2026-03-08T07:00Z',
      '2026-03-29T01:00Z',
      '2026-04-04T15:00Z',
      '2026-10-25T01:00Z',
      '2026-01-01T00:00Z',
      '2025-12-31T00:00Z',
      '2026-03-01T00:00Z',
    ),
    fc.integer({ min: 0, max: 729 }).map((day) => new Date(Date.UTC(2025, 0, 1 + day)).toISOString()),
  )
  .chain((around) =>
    fc.integer({ min: -14 * 60, max: 36 * 60 }).map((minutes) => Date.parse(around) + minutes * 60_000),
  )

const anyDepartment = (number: string, zones: readonly string[]): fc.Arbitrary<Department> =>
  record({
    number: constant(number),
    name: constant(`Department ${number}`),
    zone: constantFrom(...zones),
    week: record({
      is: constantFrom('main', 'main', 'within', 'within', 'outside', 'always', 'never'),
      periods: anyPeriods,
    }),
    pauses: option(anyPeriods, { nil: null }),
    feasts: anyFeasts,
    hasOnlyOwnFeasts: fc.boolean(),
    ignoresFeasts: constantFrom(false, false, true),
    byHand: option(record({ hours: anyHours, until: option(anyMoment, { nil: null }) }), {
      nil: null,
      freq: 2,
    }),
    goals: record({ office: anyGoal, out: anyGoal, break: anyGoal, holiday: anyGoal, operator: anyGoal }),
  })

const rings = (name: string): fc.Arbitrary<Status> =>
  record({ noanswer: anyGoal, busy: anyGoal, gone: anyGoal }).map((missed) => ({
    name,
    does: 'ring',
    missed,
  }))
const leaves = (name: string): fc.Arbitrary<Status> => anyGoal.map((goal) => ({ name, does: 'leave', goal }))
const anyException: fc.Arbitrary<Exception> = record({
  on: constantFrom('caller', 'caller', 'all', 'noanswer', 'busy', 'gone'),
  mask: constantFrom('+36301110001', '*2', '+33*', '*'),
  isOn: constantFrom(true, true, true, false),
  isInside: constantFrom(false, false, false, true),
  hours: option(anyRuleHours, { nil: null, freq: 1 }),
  goal: weighted([4, anyGoal], [1, constant({ to: 'proceed', number: '' })]),
})
const anyPerson = (number: string): fc.Arbitrary<Person> =>
  record({
    number: constant(number),
    department: maybeDepartment,
    isOn: fc.integer({ max: 9, min: 0 }).map((some) => some > 0),
    hasMailbox: constantFrom(true, true, true, false),
    isInRings: constantFrom(true, true, true, false),
    statuses: fc.tuple(rings('Available'), leaves('Away'), rings('Custom 1'), leaves('Custom 2')),
    exceptions: fc.oneof(
      { weight: 1, arbitrary: fc.array(anyException, { maxLength: 4 }) },
      { weight: 1, arbitrary: fc.array(anyException, { maxLength: 0 }) },
    ),
    now: record({
      status: constantFrom('Available', 'Available', 'Available', 'Custom 1', 'Custom 1', 'Away', 'Custom 2'),
      hasPhone: constantFrom(true, true, true, true, false),
      isBusy: constantFrom(false, false, false, false, true),
      isLoggedIn: constantFrom(true, true, true, false),
    }),
  })

const anyHunt = (number: string) =>
  record({
    number: constant(number),
    department: maybeDepartment,
    people: fc.subarray(PEOPLE),
    unanswered: anyGoal,
    routes: anyRoutes,
  })
const anyMenu = (number: string) =>
  record({
    number: constant(number),
    department: maybeDepartment,
    keys: fc.uniqueArray(record({ key: constantFrom('0', '1', '2'), goal: anyKeyGoal }), {
      selector: ({ key }) => key,
    }),
    late: anyKeyGoal.filter(({ to }) => to !== 'dial'),
    wrong: constantFrom('', '', '100', '800', NOBODY),
    routes: anyRoutes,
  })

export const anyPlan = (zones: readonly string[]): fc.Arbitrary<Plan> =>
  record({
    zone: constantFrom(...zones),
    periods: anyPeriods,
    pauses: fc.array(anyPeriod, { maxLength: 2 }),
    ownPeriods: fc.array(anyPeriod, { maxLength: 4 }),
    feasts: anyFeasts,
    departments: fc.tuple(...DEPARTMENTS.map((number) => anyDepartment(number, zones))),
    trunks: fc.tuple(
      ...TRUNKS.map(({ number, dids }) =>
        maybeDepartment.map((department) => ({ number, dids, department })),
      ),
    ),
    // A PBX refuses a second rule of the same kind for the same mask.
    rules: fc
      .tuple(fc.array(anyRule, { maxLength: 7 }), ...TRUNKS.map(anyLastRule))
      .map(([some, ...last]) => [
        ...new Map(
          [...some, ...last.filter((rule) => rule !== null)].map((rule) => [
            `${rule.looksAt} ${rule.mask} ${rule.trunk}`,
            rule,
          ]),
        ).values(),
      ]),
    people: fc.tuple(...PEOPLE.map(anyPerson)),
    queues: fc.tuple(...QUEUES.map(anyHunt)),
    rings: fc.tuple(...RINGS.map(anyHunt)),
    menus: fc.tuple(...MENUS.map(anyMenu)),
    outbound: fc.array(
      record({
        prefixes: constantFrom([], [], ['+36', '0'], ['+4'], ['+3', '+49', '01']),
        lengths: constantFrom<[number, number][][]>(
          [],
          [[4, 4]],
          [[8, 14]],
          [
            [1, 4],
            [12, 12],
          ],
        ),
      }),
      { maxLength: 2 },
    ),
  })

export const anyQuestion: fc.Arbitrary<Asked> = fc.oneof(
  {
    weight: 5,
    arbitrary: record({
      did: constantFrom(...TRUNKS.flatMap(({ dids }) => dids)),
      trunk: constant(null),
      caller: constantFrom(...CALLERS),
      at: anyMoment,
    }),
  },
  {
    weight: 1,
    arbitrary: record({
      did: constantFrom('+36155501', '+36999901'),
      trunk: constantFrom(...TRUNKS.map(({ number }) => number)),
      caller: constantFrom(...CALLERS),
      at: anyMoment,
    }),
  },
)
export const anyEvents: fc.Arbitrary<Event[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: constant<Event>({ does: 'noanswer' }) },
    { weight: 1, arbitrary: constant<Event>({ does: 'reject' }) },
    {
      weight: 3,
      arbitrary: constantFrom('0', '1', '2', '9').map((key): Event => ({ does: 'press', key })),
    },
  ),
  { maxLength: 6 },
)
