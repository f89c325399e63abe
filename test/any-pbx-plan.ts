import fc from 'fast-check'
import {
  DIDS,
  USERS,
  time,
  type Asked,
  type Event,
  type Feast,
  type Goal,
  type Period,
  type Plan,
  type Rule,
} from './pbx-plans.ts'

const CALLERS = ['+36301110001', '+36301110002', '+33612345678', '']
const QUEUES = ['800', '801']
const RINGS = ['600', '601']
const MENUS = ['700', '701']

const anyGoal: fc.Arbitrary<Goal> = fc.oneof(
  { weight: 1, arbitrary: fc.constant<Goal>({ to: 'end', number: '' }) },
  { weight: 2, arbitrary: fc.constantFrom(...USERS).map((number): Goal => ({ to: 'extension', number })) },
  { weight: 2, arbitrary: fc.constantFrom(...USERS).map((number): Goal => ({ to: 'mailbox', number })) },
  { weight: 3, arbitrary: fc.constantFrom(...QUEUES).map((number): Goal => ({ to: 'queue', number })) },
  { weight: 3, arbitrary: fc.constantFrom(...RINGS).map((number): Goal => ({ to: 'ring', number })) },
  { weight: 3, arbitrary: fc.constantFrom(...MENUS).map((number): Goal => ({ to: 'menu', number })) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('+4912345678', '0123').map((number): Goal => ({ to: 'outside', number })),
  },
)
/** Menus of a PBX lead to nobody outside. */
const anyKeyGoal = anyGoal.filter(({ to }) => to !== 'outside')
const anyPeriod: fc.Arbitrary<Period> = fc
  .record({ day: fc.nat(6), start: fc.nat(1410), length: fc.integer({ min: 15, max: 1440 }) })
  .map(({ day, start, length }) => {
    const stop = start + length
    // Over midnight, to the very midnight, or within the day.
    return { day, start: time(start), stop: time(stop >= 1440 ? stop - 1440 : stop) }
  })
  .filter(({ start, stop }) => start !== stop)
const anyFeast: fc.Arbitrary<Feast> = fc.record({
  name: fc.constantFrom('Easter', 'Stocktaking', 'New Year'),
  year: fc.constantFrom(0, 0, 2025, 2026),
  month: fc.constantFrom(1, 3, 10, 12),
  day: fc.constantFrom(1, 2, 24, 28, 29, 30),
  days: fc.constantFrom(1, 1, 2, 10),
  from: fc.constantFrom(0, 0, 720),
  until: fc.constantFrom(1439, 1439, 960),
})
const anyMask = fc.oneof(
  fc.constantFrom(...DIDS).map((did) => ({ looksAt: 'number' as const, mask: did })),
  fc.constantFrom('*01', '*5502', '*').map((mask) => ({ looksAt: 'number' as const, mask })),
  fc.constantFrom('+36301110001', '*110002', '*345678').map((mask) => ({ looksAt: 'caller' as const, mask })),
)
const anyRule: fc.Arbitrary<Rule> = fc
  .tuple(
    anyMask,
    fc.record({
      office: anyGoal,
      out: fc.option(anyGoal, { nil: null }),
      holiday: fc.option(anyGoal, { nil: null }),
      hours: fc.constantFrom(
        'office' as const,
        'office' as const,
        'always' as const,
        'never' as const,
        'own' as const,
      ),
    }),
  )
  .map(([mask, rest]) => ({ ...mask, ...rest }))

export const anyPlan = (zones: readonly string[]): fc.Arbitrary<Plan> =>
  fc.record({
    zone: fc.constantFrom(...zones),
    periods: fc.array(anyPeriod, { maxLength: 6 }),
    ownPeriods: fc.array(anyPeriod, { maxLength: 4 }),
    feasts: fc.uniqueArray(anyFeast, { maxLength: 3, selector: ({ name }) => name }),
    // A PBX refuses a second rule of the same kind for the same mask.
    rules: fc.uniqueArray(anyRule, { maxLength: 6, selector: ({ looksAt, mask }) => `${looksAt} ${mask}` }),
    queues: fc
      .tuple(...QUEUES.map((number) => anyHunt(number)))
      .map((found) =>
        found.map(({ number, people, unanswered }) => ({ number, agents: people, unanswered })),
      ),
    rings: fc
      .tuple(...RINGS.map((number) => anyHunt(number)))
      .map((found) =>
        found.map(({ number, people, unanswered }) => ({ number, members: people, unanswered })),
      ),
    menus: fc.tuple(
      ...MENUS.map((number) =>
        fc.record({
          number: fc.constant(number),
          keys: fc.uniqueArray(fc.record({ key: fc.constantFrom('0', '1', '2'), goal: anyKeyGoal }), {
            selector: ({ key }) => key,
          }),
        }),
      ),
    ),
  })
const anyHunt = (number: string) =>
  fc.record({ number: fc.constant(number), people: fc.subarray(USERS), unanswered: anyGoal })

/** Moments of two years, many of them around midnights, changes of the clocks and the feasts. */
const anyMoment = fc
  .oneof(
    fc.constantFrom(
      '2025-03-30T01:00Z',
      '2025-10-26T01:00Z',
      '2026-03-08T07:00Z',
      '2026-03-29T01:00Z',
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

export const anyQuestion: fc.Arbitrary<Asked> = fc.record({
  did: fc.constantFrom(...DIDS, '+999'),
  caller: fc.constantFrom(...CALLERS),
  at: anyMoment,
})
export const anyEvents: fc.Arbitrary<Event[]> = fc.array(
  fc.oneof(
    fc.constant<Event>({ does: 'noanswer' }),
    fc.constantFrom('0', '1', '2', '9').map((key): Event => ({ does: 'press', key })),
  ),
  { maxLength: 5 },
)
