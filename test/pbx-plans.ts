/**
 * PBXs as a few plain choices, what becomes of a call on them, and how they are written as a PBX writes them. What becomes
 * of a call is worked out here by enumerating days and minutes, on purpose in another way than the hub does.
 */
export type Goal = {
  to: 'end' | 'extension' | 'mailbox' | 'queue' | 'ring' | 'menu' | 'outside'
  number: string
}
export type Period = { day: number; start: string; stop: string }
export type Feast = {
  name: string
  /** 0 = every year. */
  year: number
  month: number
  day: number
  /** How many days it lasts. */
  days: number
  /** Minutes after midnight at which it begins on its first day, and ends on its last. */
  from: number
  until: number
}
export type Rule = {
  looksAt: 'number' | 'caller'
  mask: string
  office: Goal
  out: Goal | null
  holiday: Goal | null
  hours: 'office' | 'always' | 'never' | 'own'
}
export type Plan = {
  zone: string
  periods: Period[]
  ownPeriods: Period[]
  feasts: Feast[]
  rules: Rule[]
  queues: { number: string; agents: string[]; unanswered: Goal }[]
  rings: { number: string; members: string[]; unanswered: Goal }[]
  menus: { number: string; keys: { key: string; goal: Goal }[] }[]
}
export type Asked = { did: string; caller: string; at: number }
/** Something that happens to a call where it rests. */
export type Event = { does: 'noanswer' } | { does: 'press'; key: string }
/** Where a call rests and who is rung there. */
export type Rest = { at: string; rings: string[] }

export const USERS = ['100', '101', '102', '103']
export const DIDS = ['+36155501', '+36155502', '+36155503', '+36199001']

/** `HH:MM:SS` of a minute of the day. */
export const time = (minute: number) =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}:00`

/** What a clock on the wall there shows: the date, and `HH:MM`. */
function onTheWall(zone: string, at: number): { date: string; clock: string } {
  // Swedes write dates as the world ought to.
  const [date = '', clock = ''] = new Date(at).toLocaleString('sv-SE', { timeZone: zone }).split(' ')
  return { date, clock: clock.slice(0, 5) }
}

const nextDay = (date: string): string =>
  new Date(Date.parse(`${date}T12:00Z`) + 86_400_000).toISOString().slice(0, 10)
const dayBefore = (date: string): string =>
  new Date(Date.parse(`${date}T12:00Z`) - 86_400_000).toISOString().slice(0, 10)
const weekday = (date: string): number => new Date(`${date}T12:00Z`).getUTCDay()

/** Whether the minute is among all minutes of these periods, written down one by one as day and clock. */
function isWithin(periods: Period[], { date, clock }: { date: string; clock: string }): boolean {
  return periods.some(({ day, start, stop }) => {
    const [from, to] = [start.slice(0, 5), stop.slice(0, 5)]
    if (to > from) return weekday(date) === day && clock >= from && clock < (to >= '23:59' ? '24:00' : to)
    return (weekday(date) === day && clock >= from) || (weekday(dayBefore(date)) === day && clock < to)
  })
}

/** Writes down every day of a feast, and looks whether the date is among them. */
function isFeast(feast: Feast, { date, clock }: { date: string; clock: string }): boolean {
  const years = feast.year === 0 ? [2023, 2024, 2025, 2026, 2027] : [feast.year]
  return years.some((year) => {
    let day = `${year}-${String(feast.month).padStart(2, '0')}-${String(feast.day).padStart(2, '0')}`
    const days = [day]
    while (days.length < feast.days) days.push((day = nextDay(day)))
    if (!days.includes(date)) return false
    if (date === days[0] && clock < time(feast.from).slice(0, 5)) return false
    return date !== days.at(-1) || feast.until >= 1439 || clock < time(feast.until).slice(0, 5)
  })
}

const isFitting = (mask: string, number: string): boolean =>
  mask[0] === '*'
    ? number.slice(number.length - mask.length + 1) === mask.slice(1) || mask === '*'
    : mask === number

export function ruleOf(plan: Plan, { did, caller }: Asked): Rule | null {
  let found: Rule | null = null
  for (const rule of plan.rules.toReversed()) {
    const wins = found === null || found.looksAt === 'number' || rule.looksAt === 'caller'
    if (wins && isFitting(rule.mask, rule.looksAt === 'caller' ? caller : did)) found = rule
  }
  return found
}

/** Which of a rule's three goals counts. */
export function hoursOf(plan: Plan, rule: Rule, at: number): 'office' | 'out' | 'holiday' {
  const wall = onTheWall(plan.zone, at)
  if (rule.holiday !== null && plan.feasts.some((feast) => isFeast(feast, wall))) return 'holiday'
  const open = {
    always: () => true,
    never: () => false,
    office: () => isWithin(plan.periods, wall),
    own: () => isWithin(plan.ownPeriods, wall),
  }[rule.hours]()
  return open || rule.out === null ? 'office' : 'out'
}

/** Where a call rests after these events. */
export function play(plan: Plan, asked: Asked, events: readonly Event[]): Rest {
  const rule = ruleOf(plan, asked)
  if (!rule) return { at: 'end', rings: [] }
  let goal = rule[hoursOf(plan, rule, asked.at)] ?? rule.office
  for (const event of events) {
    const hunt = [...plan.queues, ...plan.rings].find(({ number }) => isAt(goal, ['queue', 'ring'], number))
    const menu = plan.menus.find(({ number }) => isAt(goal, ['menu'], number))
    if (event.does === 'noanswer' && hunt) goal = hunt.unanswered
    if (event.does === 'press') goal = menu?.keys.find(({ key }) => key === event.key)?.goal ?? goal
  }
  const queue = goal.to === 'queue' ? plan.queues.find(({ number }) => number === goal.number) : undefined
  const ring = goal.to === 'ring' ? plan.rings.find(({ number }) => number === goal.number) : undefined
  const rings = queue?.agents ?? ring?.members ?? (goal.to === 'extension' ? [goal.number] : [])
  return { at: goal.to === 'end' ? 'end' : `${NODES[goal.to]}:${goal.number}`, rings: rings.toSorted() }
}

const isAt = (goal: Goal, kinds: readonly string[], number: string) =>
  kinds.includes(goal.to) && goal.number === number
const NODES: Record<Goal['to'], string> = {
  end: 'end',
  extension: 'extension',
  mailbox: 'voicemail',
  queue: 'queue',
  ring: 'ring_group',
  menu: 'ivr',
  outside: 'external',
}
