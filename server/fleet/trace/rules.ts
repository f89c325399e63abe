import type { Row } from '../snapshots/canonical.ts'
import { calendarOf, holds, holidayAt, momentOf, type Calendar } from './calendar.ts'
import { clockAt } from './schedule.ts'
import { departmentOf, nameOf, rowOf, textOf, type World } from './world.ts'

/** A call from outside. */
export type Question = {
  did: string
  /** Empty for a withheld number. */
  caller: string
  /** ms UTC. */
  at: number
  /** DN of the trunk; null = the one that has the number. */
  trunk?: string | null
}

/** One inbound rule and what became of it for this call. */
export type Considered = { id: number | null; name: string; looks_at: string; matched: boolean; why: string }

export const ruleName = (rule: Row): string =>
  nameOf(rule) || `${textOf(rule['Condition'])} ${textOf(rule['Data'])}`

const WRITING = /[\s().\-/\u00a0]/g
const bare = (text: string) => text.replace(WRITING, '')

/** Whether a number fits a mask, in which `*` stands for any digits; without one, the whole number is meant. */
export function fits(mask: string, number: string): boolean {
  const parts = bare(mask).split('*')
  const text = bare(number)
  const [head = '', ...rest] = parts
  if (rest.length === 0) return head !== '' && text === head
  const tail = rest.pop() ?? ''
  if (!text.startsWith(head) || !text.endsWith(tail) || text.length < head.length + tail.length) return false
  let at = head.length
  for (const part of rest) {
    const found = text.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return at <= text.length - tail.length
}

/** The trunk a call to this number comes in on; null when no trunk has the number. */
export function trunkOf(world: World, { did, trunk }: Pick<Question, 'did' | 'trunk'>): Row | null {
  if (trunk) return world.trunks.find((row) => row['Number'] === trunk) ?? null
  const has = (row: Row) =>
    Array.isArray(row['DidNumbers']) && row['DidNumbers'].some((one) => bare(textOf(one)) === bare(did))
  return world.trunks.find(has) ?? null
}

const trunkOfRule = (rule: Row): string => textOf(rowOf(rule['TrunkDN'])?.['Number'])

function judge(rule: Row, { did, caller }: Question, trunk: Row | null): { matched: boolean; why: string } {
  const isOfCaller = rule['Condition'] === 'BasedOnCallerID'
  const data = textOf(rule['Data'])
  if (rule['Condition'] !== 'BasedOnDID' && !isOfCaller)
    return { matched: false, why: 'It looks at neither the number called nor the caller.' }
  const [told, number] = isOfCaller ? ['caller', caller] : ['number called', did]
  if (!fits(data, number))
    return {
      matched: false,
      why: `The ${told} ${number === '' ? '(withheld)' : number} is not ${data || '(nothing)'}.`,
    }
  if (rule['CallType'] === 'InternalCallsOnly')
    return { matched: false, why: 'It is for internal calls only.' }
  const of = trunkOfRule(rule)
  if (trunk !== null && of !== '' && of !== trunk['Number'])
    return { matched: false, why: `It is for trunk ${of}, the call comes in on ${textOf(trunk['Number'])}.` }
  return { matched: true, why: `The ${told} ${number} fits ${data}.` }
}

/** The rule a call is routed by, and what became of those before it. */
export function ruleFor(world: World, question: Question): { rule: Row | null; considered: Considered[] } {
  const trunk = trunkOf(world, question)
  const considered: Considered[] = []
  for (const rule of world.rules) {
    const { matched, why } = judge(rule, question, trunk)
    const looks_at = `${rule['Condition'] === 'BasedOnCallerID' ? 'caller' : 'number'} ${textOf(rule['Data'])}`
    considered.push({ id: Number(rule['Id'] ?? 0) || null, name: ruleName(rule), looks_at, matched, why })
    if (matched) return { rule, considered }
  }
  return { rule: null, considered }
}

export const RULE_ROUTES = {
  office: 'OfficeHoursDestination',
  out: 'OutOfOfficeHoursDestination',
  holiday: 'HolidaysDestination',
} as const

/** A rule follows the hours of the department its trunk is in. */
export function calendarOfRule(world: World, rule: Row): Calendar {
  const trunk = world.trunks.find((row) => row['Number'] === trunkOfRule(rule))
  return calendarOf(world, trunk ? departmentOf(world, trunk) : null)
}

/** Which of a rule's three destinations counts at a moment, and why. */
export function routeOfRule(
  world: World,
  rule: Row,
  at: number,
): { route: keyof typeof RULE_ROUTES; why: string } {
  const calendar = calendarOfRule(world, rule)
  const schedule = rowOf(rule['Hours'])
  const isOfOffice = ['', 'OfficeHours', 'OutOfOfficeHours'].includes(textOf(schedule?.['Type']))
  if (rule['AlterDestinationDuringHolidays'] === true && schedule?.['IgnoreHolidays'] !== true) {
    if (isOfOffice) {
      const { hours, why } = momentOf(calendar, at, (one) => one === 'holiday' || one === 'break')
      if (hours === 'holiday') return { route: 'holiday', why }
    } else {
      const holiday = holidayAt(calendar, at)
      if (holiday) {
        const why = `holiday "${textOf(holiday['Name'])}" of ${calendar.owner}: ${clockAt(calendar.zone, at)}`
        return { route: 'holiday', why }
      }
    }
  }
  if (rule['AlterDestinationDuringOutOfOfficeHours'] !== true)
    return { route: 'office', why: 'the rule has one destination for all hours' }
  const { open, why } = holds(schedule, calendar, at)
  return { route: open ? 'office' : 'out', why }
}
