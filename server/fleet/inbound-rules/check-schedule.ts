import type { RuleHours } from '../../../contract/pbx-inbound-rules.ts'
import { refusal, warning, type Complaint } from './complaint.ts'
import { takesPeriods, type RuleDraft } from './shape.ts'

type Period = RuleHours['periods'][number] & { index: number }

/** What is wrong with the hours of a rule. */
export function checkSchedule(rule: RuleDraft): Complaint[] {
  const { hours } = rule
  if (hours === null) return []
  const { type, periods } = hours
  const isOwn = takesPeriods(type)
  if (isOwn && periods.length === 0)
    return [
      refusal(
        'hours.periods',
        'periods_missing',
        `${type} needs periods: give day_of_week, start and stop of each, or take another hours.type.`,
      ),
    ]
  if (!isOwn && periods.length > 0)
    return [
      refusal(
        'hours.periods',
        'periods_not_taken',
        `${type} has no periods of its own: leave periods out, or set hours.type to SpecificHours.`,
      ),
    ]
  return [...checkPeriods(periods), ...checkUse(rule, hours)]
}

function checkPeriods(periods: RuleHours['periods']): Complaint[] {
  const found: Complaint[] = []
  const byDay = new Map<string, Period[]>()
  for (const [index, period] of periods.entries()) {
    const { day_of_week: day, start, stop } = period
    if (start >= stop)
      found.push(
        refusal(
          `hours.periods.${index}`,
          'period_order',
          `${day} ${start}–${stop} ends before it begins. Over midnight write two: ${start}–23:59, and 00:00–${stop} of the day after.`,
        ),
      )
    else byDay.set(day, [...(byDay.get(day) ?? []), { ...period, index }])
  }
  for (const [day, ofDay] of byDay) {
    const inOrder = ofDay.toSorted((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0))
    let last = inOrder[0]
    for (const period of inOrder.slice(1)) {
      if (last && period.start < last.stop)
        found.push(
          refusal(
            `hours.periods.${Math.max(period.index, last.index)}`,
            'period_overlap',
            `${day} ${period.start}–${period.stop} overlaps ${last.start}–${last.stop}: make one period of the two, or part them.`,
          ),
        )
      if (!last || period.stop > last.stop) last = period
    }
  }
  return found
}

/** Hours that decide nothing as the rule is. */
function checkUse(rule: RuleDraft, { type, ignore_holidays: ignoresHolidays }: RuleHours): Complaint[] {
  const isOut = rule.alter_destination_during_out_of_office_hours
  const found: Complaint[] = []
  if (!isOut && type !== 'OfficeHours' && type !== 'AllHours')
    found.push(
      warning(
        'hours.type',
        'hours_without_effect',
        'The rule has one destination for all hours, so its hours decide nothing: set alter_destination_during_out_of_office_hours, or leave hours out.',
      ),
    )
  if (isOut && type === 'AllHours')
    found.push(
      warning(
        'hours.type',
        'never_out_of_hours',
        'With AllHours no call is ever out of hours: out_of_office_hours_destination is not reached.',
      ),
    )
  if (isOut && type === 'Never')
    found.push(
      warning(
        'hours.type',
        'never_in_hours',
        'With Never every call is out of hours: office_hours_destination is not reached.',
      ),
    )
  if (ignoresHolidays && rule.alter_destination_during_holidays)
    found.push(
      warning(
        'hours.ignore_holidays',
        'holidays_ignored',
        'The rule ignores holidays, so holidays_destination is not reached: set ignore_holidays to false.',
      ),
    )
  return found
}
