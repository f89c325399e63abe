/**
 * PBXs as a few plain choices, and what becomes of a call on them: worked out here from the facts about 3CX, in another way
 * than the hub and the simulator do it, which share no code either.
 */
import {
  hoursOf,
  isHeld,
  type Department,
  type Feast,
  type Period,
  type RuleHours,
} from './pbx-plan-hours.ts'

export type Goal = {
  to:
    | 'end'
    | 'extension'
    | 'mailbox'
    | 'mailboxOfDestination'
    | 'queue'
    | 'ring'
    | 'menu'
    | 'outside'
    | 'mobile'
    | 'deflect'
    | 'fax'
    | 'flow'
    | 'department'
    | 'callback'
    | 'proceed'
    // What only the keys of a menu lead to.
    | 'dial'
    | 'again'
  /** Empty for a mailbox: the own one of whoever sends the call there. */
  number: string
}
export type Rule = {
  looksAt: 'number' | 'caller'
  mask: string
  trunk: string
  /** For calls between extensions alone. */
  isInside: boolean
  office: Goal
  out: Goal | null
  holiday: Goal | null
  hours: RuleHours
  ignoresFeasts: boolean
}
export type Status =
  | { name: string; does: 'ring'; missed: { noanswer: Goal; busy: Goal; gone: Goal } }
  | { name: string; does: 'leave'; goal: Goal }
export type Exception = {
  on: 'caller' | 'all' | 'noanswer' | 'busy' | 'gone'
  mask: string
  isOn: boolean
  isInside: boolean
  hours: RuleHours | null
  goal: Goal
}
export type Person = {
  number: string
  department: string | null
  isOn: boolean
  hasMailbox: boolean
  isInRings: boolean
  /** The first is Available. */
  statuses: Status[]
  exceptions: Exception[]
  /** What no configuration tells: it holds while calls are made. */
  now: { status: string; hasPhone: boolean; isBusy: boolean; isLoggedIn: boolean }
}
export type Routes = { holiday: Goal | null; break: Goal | null; out: Goal | null }
export type Hunt = {
  number: string
  department: string | null
  people: string[]
  unanswered: Goal
  routes: Routes
}
export type Menu = {
  number: string
  department: string | null
  keys: { key: string; goal: Goal }[]
  late: Goal
  /** Where a key leads that is not there; empty = nowhere. */
  wrong: string
  routes: Routes
}
export type Plan = {
  zone: string
  periods: Period[]
  pauses: Period[]
  ownPeriods: Period[]
  feasts: Feast[]
  departments: Department[]
  trunks: { number: string; dids: string[]; department: string | null }[]
  rules: Rule[]
  people: Person[]
  queues: Hunt[]
  rings: Hunt[]
  menus: Menu[]
  outbound: { prefixes: string[]; lengths: [number, number][] }[]
}
/** `trunk` null = the one that has the number. */
export type Asked = { did: string; trunk: string | null; caller: string; at: number }
/** Something that happens to a call where it rests. */
export type Event = { does: 'noanswer' } | { does: 'reject' } | { does: 'press'; key: string }
/** Where a call rests and who is rung there. */
export type Rest = { at: string; rings: string[] }

const END: Rest = { at: 'end', rings: [] }
const NODES: Partial<Record<Goal['to'], string>> = {
  extension: 'extension',
  queue: 'queue',
  ring: 'ring_group',
  menu: 'ivr',
  fax: 'fax',
  flow: 'call_flow',
  department: 'department',
}
export const FAX = '888'
export const FLOW = '900'

const isFitting = (mask: string, number: string): boolean => {
  const [head = '', tail] = mask.split('*')
  if (tail === undefined) return head === number
  return number.length >= head.length + tail.length && number.startsWith(head) && number.endsWith(tail)
}

function ruleOf(plan: Plan, { did, caller, trunk }: Asked): Rule | null {
  const on = trunk ?? plan.trunks.find(({ dids }) => dids.includes(did))?.number
  let found: Rule | null = null
  for (const rule of plan.rules.toReversed()) {
    if (rule.isInside || rule.trunk !== on) continue
    const wins = found === null || found.looksAt === 'number' || rule.looksAt === 'caller'
    if (wins && isFitting(rule.mask, rule.looksAt === 'caller' ? caller : did)) found = rule
  }
  return found
}

function goalOf(plan: Plan, rule: Rule, at: number): Goal {
  const trunk = plan.trunks.find(({ number }) => number === rule.trunk)
  const name = trunk?.department ?? null
  if (rule.holiday !== null && !rule.ignoresFeasts) {
    const isOfOffice = rule.hours === 'office' || rule.hours === 'closed'
    const isFeast = isOfOffice
      ? hoursOf(plan, name, at, ['holiday', 'break']) === 'holiday'
      : hoursOf(plan, name, at, 'feast') === 'holiday'
    if (isFeast) return rule.holiday
  }
  if (rule.out === null) return rule.office
  return isHeld(plan, rule.hours, name, at, rule.ignoresFeasts) ? rule.office : rule.out
}

/** What kind of thing has a number. */
function kindOf(plan: Plan, number: string): Goal['to'] | null {
  const has = (list: readonly { number: string }[]) => list.some((one) => one.number === number)
  if (has(plan.people)) return 'extension'
  if (has(plan.queues)) return 'queue'
  if (has(plan.rings)) return 'ring'
  if (has(plan.menus)) return 'menu'
  if (has(plan.departments)) return 'department'
  return number === FAX ? 'fax' : number === FLOW ? 'flow' : null
}

/** Brings a call to where it rests. `by` sends it; what was passed already is a circle, and ends it. */
function bring(plan: Plan, asked: Asked, goal: Goal, by: string, passed: readonly string[] = []): Rest {
  const { to, number } = goal
  if (to === 'outside' || to === 'mobile' || to === 'deflect' || (to === 'dial' && !kindOf(plan, number)))
    return isLetOut(plan, number) ? { at: `external:${number}`, rings: [] } : END
  if (to === 'callback') return { at: by === '' ? 'callback' : `callback:${by}`, rings: [] }
  if (to === 'mailbox' || to === 'mailboxOfDestination') {
    const of = number || by
    const person = plan.people.find((one) => one.number === of)
    return kindOf(plan, of) && person?.hasMailbox !== false ? { at: `voicemail:${of}`, rings: [] } : END
  }
  const kind = kindOf(plan, number)
  if (to === 'end' || to === 'proceed' || kind === null || (to !== 'dial' && to !== kind)) return END
  if (passed.includes(number)) return END
  const onward = elsewhere(plan, asked, number)
  if (onward) return bring(plan, asked, onward, number, [...passed, number])
  return { at: `${NODES[kind]}:${number}`, rings: rungAt(plan, number) }
}

const isLetOut = (plan: Plan, number: string): boolean =>
  plan.outbound.some(
    ({ prefixes, lengths }) =>
      (prefixes.length === 0 || prefixes.some((prefix) => number.startsWith(prefix))) &&
      (lengths.length === 0 || lengths.some(([from, to]) => number.length >= from && number.length <= to)),
  )

function rungAt(plan: Plan, number: string): string[] {
  const ready = plan.people.filter(({ isOn, now }) => isOn && now.hasPhone && !now.isBusy)
  const among = (list: readonly string[]) => ready.filter((person) => list.includes(person.number))
  const queue = plan.queues.find((one) => one.number === number)
  const ring = plan.rings.find((one) => one.number === number)
  const rung = queue
    ? among(queue.people).filter(({ now }) => now.isLoggedIn)
    : ring
      ? among(ring.people).filter(({ isInRings }) => isInRings)
      : plan.people.filter((person) => person.number === number)
  return rung.map((person) => person.number).sort()
}

/** Where a number sends a call as it comes; null = it stays. */
function elsewhere(plan: Plan, asked: Asked, number: string): Goal | null {
  const person = plan.people.find((one) => one.number === number)
  if (person) return divertedBy(plan, asked, person)
  const department = plan.departments.find((one) => one.number === number)
  if (department) return department.goals[hoursOf(plan, number, asked.at, 'all')]
  const place = [...plan.queues, ...plan.rings, ...plan.menus].find((one) => one.number === number)
  if (!place) return null
  const { holiday, break: pause, out } = place.routes
  const hours = hoursOf(plan, place.department, asked.at, [
    ...(holiday ? (['holiday'] as const) : []),
    ...(pause ? (['break'] as const) : []),
  ])
  return { holiday, break: pause, out, office: null, operator: null }[hours]
}

/** The exceptions that count, and where they send the call before anything rings. */
function exceptionsOf(plan: Plan, { caller, at }: Asked, person: Person) {
  const counting = person.exceptions.filter(
    ({ isOn, isInside, hours }) =>
      isOn && !isInside && (hours === null || isHeld(plan, hours, person.department, at, false)),
  )
  const first =
    counting.find(({ on, mask }) => on === 'caller' && isFitting(mask, caller)) ??
    counting.find(({ on }) => on === 'all')
  if (first?.goal.to === 'proceed') return { counting: [], goal: null }
  return { counting, goal: first?.goal ?? null }
}

const statusOf = ({ statuses, now }: Person) =>
  statuses.find(({ name }) => name === now.status) ?? statuses[0]!

function divertedBy(plan: Plan, asked: Asked, person: Person): Goal | null {
  if (!person.isOn) return { to: 'end', number: '' }
  const { goal } = exceptionsOf(plan, asked, person)
  const status = statusOf(person)
  if (goal) return goal
  if (status.does === 'leave') return status.goal
  if (!person.now.hasPhone) return missedBy(plan, asked, person, 'gone')
  return person.now.isBusy ? missedBy(plan, asked, person, 'busy') : null
}

function missedBy(plan: Plan, asked: Asked, person: Person, why: 'noanswer' | 'busy' | 'gone'): Goal {
  const { counting } = exceptionsOf(plan, asked, person)
  const exception = counting.find(({ on }) => on === why)
  if (exception && exception.goal.to !== 'proceed') return exception.goal
  const status = statusOf(person)
  return status.does === 'ring' ? status.missed[why] : { to: 'end', number: '' }
}

/** Where a call goes from a place when this happens to it there; null = it stays. */
function after(plan: Plan, asked: Asked, number: string, event: Event): Goal | null {
  const person = plan.people.find((one) => one.number === number)
  const menu = plan.menus.find((one) => one.number === number)
  const hunt = [...plan.queues, ...plan.rings].find((one) => one.number === number)
  if (event.does === 'press') {
    if (!menu) return null
    const pressed = menu.keys.find(({ key }) => key === event.key)
    return (
      pressed?.goal ??
      (menu.wrong === '' ? null : { to: kindOf(plan, menu.wrong) ?? 'end', number: menu.wrong })
    )
  }
  if (person) return missedBy(plan, asked, person, event.does === 'reject' ? 'busy' : 'noanswer')
  if (event.does === 'reject') return null
  return hunt?.unanswered ?? menu?.late ?? null
}

/** Where a call rests after these events, and the events that could happen to it. */
export function play(plan: Plan, asked: Asked, events: readonly Event[]): { rest: Rest; happened: Event[] } {
  const rule = ruleOf(plan, asked)
  let rest = rule ? bring(plan, asked, goalOf(plan, rule, asked.at), '') : END
  const happened: Event[] = []
  for (const event of events) {
    const [kind = '', number = ''] = rest.at.split(':')
    if (!['extension', 'queue', 'ring_group', 'ivr'].includes(kind)) break
    if (event.does === 'press' ? kind !== 'ivr' : event.does === 'reject' && kind !== 'extension') continue
    happened.push(event)
    const goal = after(plan, asked, number, event)
    if (goal && goal.to !== 'again') rest = bring(plan, asked, goal, number)
  }
  return { rest, happened }
}
