import type { Pbx, Row } from '../model/pbx.ts'
import { textOf } from '../model/text.ts'
import { departmentOf, holdsAt, hoursAt, isHolidayAt, type When } from './hours.ts'
import { targetOf, type Target } from './target.ts'

/** Whether a number is one of those a mask stands for; `*` is anything. */
export function isMasked(mask: unknown, number: string): boolean {
  const parts = textOf(mask)
    .split('*')
    .map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'))
  return textOf(mask) !== '' && new RegExp(`^${parts.join('.*')}$`).test(number)
}

/** The rule for a call from outside: first those that look at the caller, then those of the number dialled. */
export function ruleFor(
  pbx: Pbx,
  { from, did, trunk }: { from: string; did: string; trunk: Row },
): Row | null {
  const rules = pbx.store.rows('InboundRules').filter((rule) => {
    const of = textOf((rule.TrunkDN as Row | null | undefined)?.Number)
    return rule.CallType !== 'InternalCallsOnly' && (of === '' || of === trunk.Number)
  })
  return (
    rules.find((rule) => rule.Condition === 'BasedOnCallerID' && isMasked(rule.Data, from)) ??
    rules.find((rule) => rule.Condition === 'BasedOnDID' && isMasked(rule.Data, did)) ??
    null
  )
}

const OF_OFFICE = new Set(['', 'OfficeHours', 'OutOfOfficeHours'])

/** Where a rule sends a call that comes then: a rule without a destination for holidays knows none. */
export function destinationOf(pbx: Pbx, rule: Row | null, when: When): Target {
  if (!rule) return targetOf(null)
  const of = textOf((rule.TrunkDN as Row | null | undefined)?.Number)
  const department = departmentOf(pbx, pbx.store.numbered('Trunks', of))
  const schedule = rule.Hours as Row | null | undefined
  if (rule.AlterDestinationDuringHolidays === true && schedule?.IgnoreHolidays !== true) {
    const isHoliday = OF_OFFICE.has(textOf(schedule?.Type))
      ? hoursAt(pbx, department, when, (hours) => hours === 'holiday' || hours === 'break') === 'holiday'
      : isHolidayAt(pbx, department, when)
    if (isHoliday) return targetOf(rule.HolidaysDestination)
  }
  const isOut =
    rule.AlterDestinationDuringOutOfOfficeHours === true &&
    (typeof when === 'string' ? when === 'out' : !holdsAt(pbx, schedule, department, when))
  return targetOf(isOut ? rule.OutOfOfficeHoursDestination : rule.OfficeHoursDestination)
}
