import type { PlannedDestination, PlannedRule } from '../../../contract/pbx-rule-plans.ts'
import type { RuleDraft } from '../inbound-rules/shape.ts'

/** A rule that says nothing: what a field is that neither a file nor the PBX gives. */
export const BLANK: PlannedRule = {
  rule_name: null,
  condition: null,
  data: null,
  custom_data: null,
  call_type: 'AllCalls',
  trunk: null,
  hours: { type: 'OfficeHours', ignore_holidays: false, periods: [] },
  office_hours_destination: null,
  out_of_office_hours_destination: null,
  holidays_destination: null,
  alter_destination_during_out_of_office_hours: false,
  alter_destination_during_holidays: false,
}

const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']

/** `9:00`, `09:00:00.0000000` → `09:00:00`; anything else as it is. */
export function timeText(text: string): string {
  const [, hours, minutes, seconds = '00'] = /^(\d{1,2}):(\d\d)(?::(\d\d)(?:\.0+)?)?$/.exec(text.trim()) ?? []
  return hours === undefined ? text : `${hours.padStart(2, '0')}:${minutes}:${seconds}`
}

type Period = PlannedRule['hours']['periods'][number]
const placeOf = ({ day_of_week: day, start, stop }: Period) => `${DAYS.indexOf(day)} ${day} ${start} ${stop}`

/** Periods in the order of the week: the order in which they were written says nothing. */
export const inOrder = (periods: readonly Period[]): Period[] =>
  periods
    .map((one) => ({ ...one, start: timeText(one.start), stop: timeText(one.stop) }))
    .sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : placeOf(a) > placeOf(b) ? 1 : 0))

/** A destination without what the PBX says of it beside; null is the end of the call. */
export function destinationContent(
  told: { to: string; number: string | null; external: string | null } | null,
): PlannedDestination | null {
  if (told === null || told.to === '' || told.to === 'None') return null
  return { to: told.to, number: told.number || null, external: told.external || null }
}

/** Blanks around a text are nobody's intention. */
const textOf = (text: string | null): string | null => text?.trim() || null

/** What of a rule is configuration: no ids, no names of what it leads to, and nothing written in two ways. */
export function contentOf(rule: RuleDraft): PlannedRule {
  const { trunk_dn, hours } = rule
  return {
    rule_name: textOf(rule.rule_name),
    condition: rule.condition,
    data: textOf(rule.data),
    custom_data: textOf(rule.custom_data),
    call_type: rule.call_type ?? BLANK.call_type,
    trunk: trunk_dn?.number ?? null,
    hours: hours === null ? BLANK.hours : { ...hours, periods: inOrder(hours.periods) },
    office_hours_destination: destinationContent(rule.office_hours_destination),
    out_of_office_hours_destination: destinationContent(rule.out_of_office_hours_destination),
    holidays_destination: destinationContent(rule.holidays_destination),
    alter_destination_during_out_of_office_hours: rule.alter_destination_during_out_of_office_hours,
    alter_destination_during_holidays: rule.alter_destination_during_holidays,
  }
}

/** What a rule is, whatever its id, its name and where it leads: what it looks at, and for which trunk. */
export const identityOf = ({
  condition,
  data,
  trunk,
}: Pick<PlannedRule, 'condition' | 'data' | 'trunk'>): string => JSON.stringify([condition, data, trunk])

/** What people call a rule. */
export const calledRule = ({ rule_name, condition, data }: PlannedRule): string =>
  `inbound rule ${rule_name === null ? '' : `"${rule_name}" `}(${condition === 'BasedOnCallerID' ? 'caller' : condition === 'BasedOnDID' ? 'number' : condition} ${data})`

export type FieldChange = { field: string; before: unknown; after: unknown }

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function differences(field: string, before: unknown, after: unknown): FieldChange[] {
  if (isObject(before) && isObject(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
    return names.flatMap((name) =>
      differences(field === '' ? name : `${field}.${name}`, before[name], after[name]),
    )
  }
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ field, before, after }]
}

/** Field by field, what has to change in a rule so that it is as wanted. */
export const changesOf = (present: PlannedRule, wanted: PlannedRule): FieldChange[] =>
  differences('', present, wanted)

/** Whether a rule of the PBX is as wanted. */
export const isAsWanted = (present: PlannedRule, wanted: PlannedRule): boolean =>
  changesOf(present, wanted).length === 0
