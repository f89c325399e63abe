import type {
  InboundRule,
  InboundRuleInput,
  RawInboundRule,
  RuleDestination,
  RuleHours,
} from '../../../contract/pbx-inbound-rules.ts'
import type * as Pbx from '../../../xapi/xapi.ts'

/** A rule that may not be on a PBX yet, whose trunk may be named by what people call it. */
export type RuleDraft = Omit<InboundRule, 'id'> & { id: number | null }
/** The three ways on of a rule, and the switch that puts each to use; the first has none. */
export const DESTINATIONS = [
  ['office_hours_destination', null],
  ['out_of_office_hours_destination', 'alter_destination_during_out_of_office_hours'],
  ['holidays_destination', 'alter_destination_during_holidays'],
] as const
const [OFFICE, OUT, HOLIDAYS] = DESTINATIONS.map(([field]) => field) as [
  'office_hours_destination',
  'out_of_office_hours_destination',
  'holidays_destination',
]

const textOr = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)
const wholeOr = (value: unknown): number | null => (Number.isSafeInteger(value) ? (value as number) : null)

function toDestination(told: Pbx.Destination | null | undefined): RuleDestination | null {
  if (!told) return null
  return {
    to: textOr(told.To) ?? 'None',
    number: textOr(told.Number),
    external: textOr(told.External),
    name: textOr(told.Name),
    type: textOr(told.Type),
  }
}

function toHours(told: Pbx.Schedule | null | undefined): RuleHours | null {
  if (!told) return null
  return {
    type: textOr(told.Type) ?? 'OfficeHours',
    ignore_holidays: told.IgnoreHolidays === true,
    periods: (told.Periods ?? []).map(({ DayOfWeek, Start, Stop }) => ({
      day_of_week: DayOfWeek ?? '',
      start: Start ?? '00:00:00',
      stop: Stop ?? '00:00:00',
    })),
  }
}

/** A rule of the PBX under our names. */
export function toInboundRule(told: Pbx.InboundRule): InboundRule {
  const { TrunkDN: trunk } = told
  return {
    id: told.Id ?? 0,
    rule_name: textOr(told.RuleName),
    condition: textOr(told.Condition),
    data: textOr(told.Data),
    custom_data: textOr(told['CustomData']),
    call_type: textOr(told.CallType),
    trunk_dn: trunk
      ? {
          id: wholeOr(trunk.Id),
          number: textOr(trunk.Number),
          name: textOr(trunk.Name),
          type: textOr(trunk.Type),
        }
      : null,
    hours: toHours(told.Hours),
    office_hours_destination: toDestination(told.OfficeHoursDestination),
    out_of_office_hours_destination: toDestination(told.OutOfOfficeHoursDestination),
    holidays_destination: toDestination(told.HolidaysDestination),
    alter_destination_during_out_of_office_hours: told.AlterDestinationDuringOutOfOfficeHours === true,
    alter_destination_during_holidays: told.AlterDestinationDuringHolidays === true,
  }
}

/** What the protocol adds to a row is not the row's. */
export const toRawRule = (told: Pbx.InboundRule): RawInboundRule =>
  Object.fromEntries(Object.entries(told).filter(([name]) => !name.includes('@')))

const NEW_RULE: RuleDraft = {
  id: null,
  rule_name: null,
  condition: null,
  data: null,
  custom_data: null,
  call_type: null,
  trunk_dn: null,
  hours: null,
  office_hours_destination: null,
  out_of_office_hours_destination: null,
  holidays_destination: null,
  alter_destination_during_out_of_office_hours: false,
  alter_destination_during_holidays: false,
}

/** Whether a schedule of that type has periods of its own. */
export const takesPeriods = (type: string): boolean => type.includes('Specific')

/**
 * The rule that is meant: what is absent stays as it is, null clears. Within a destination and within hours the same; but a
 * number goes with the kind it was given for, and periods go with a type that has none. `before` null = a new rule.
 */
export function mergeRule(before: RuleDraft | null, input: InboundRuleInput): RuleDraft {
  const draft = { ...(before ?? NEW_RULE) }
  for (const field of ['rule_name', 'condition', 'data', 'custom_data', 'call_type'] as const)
    if (input[field] !== undefined) draft[field] = input[field]
  for (const [field, flag] of DESTINATIONS) {
    const given = input[field]
    if (given !== undefined) draft[field] = given === null ? NOWHERE : mergeDestination(draft[field], given)
    if (flag !== null && input[flag] !== undefined) draft[flag] = input[flag] === true
  }
  const { trunk_dn: trunk, hours } = input
  if (trunk !== undefined)
    draft.trunk_dn = trunk && {
      id: trunk.id ?? null,
      number: trunk.number ?? null,
      name: trunk.name ?? null,
      type: null,
    }
  if (hours !== undefined) draft.hours = hours && mergeHours(draft.hours, hours)
  return draft
}

/** Ends the call. */
const NOWHERE: RuleDestination = { to: 'None', number: null, external: null, name: null, type: null }

function mergeDestination(
  before: RuleDestination | null,
  given: NonNullable<InboundRuleInput['office_hours_destination']>,
): RuleDestination {
  const kept = given.to === undefined || given.to === before?.to ? before : null
  const merged = {
    to: given.to ?? kept?.to ?? '',
    number: given.number === undefined ? (kept?.number ?? null) : given.number,
    external: given.external === undefined ? (kept?.external ?? null) : given.external,
  }
  const isSame = kept !== null && kept.number === merged.number
  return { ...merged, name: isSame ? kept.name : null, type: isSame ? kept.type : null }
}

function mergeHours(before: RuleHours | null, given: NonNullable<InboundRuleInput['hours']>): RuleHours {
  const type = given.type ?? before?.type ?? 'OfficeHours'
  const kept = takesPeriods(type) ? (before?.periods ?? []) : []
  return {
    type,
    ignore_holidays:
      (given.ignore_holidays === undefined ? before?.ignore_holidays : given.ignore_holidays) ?? false,
    periods: given.periods === undefined ? kept : (given.periods ?? []),
  }
}

/** A rule as the PBX takes it: every object in it whole, and no id, which is the PBX's to give. */
export function toPbxRule(rule: RuleDraft): Pbx.InboundRule {
  const { trunk_dn: trunk, hours } = rule
  return {
    RuleName: rule.rule_name ?? '',
    ...(rule.condition === null ? {} : { Condition: rule.condition }),
    Data: rule.data ?? '',
    CustomData: rule.custom_data ?? '',
    // Zero among the PBX's call types, which it leaves out of what it tells.
    CallType: rule.call_type ?? 'AllCalls',
    ...(trunk === null
      ? {}
      : {
          TrunkDN: {
            ...(trunk.id === null ? {} : { Id: trunk.id }),
            ...(trunk.number === null ? {} : { Number: trunk.number }),
          },
        }),
    Hours: toSchedule(hours),
    OfficeHoursDestination: toPbxDestination(rule[OFFICE]),
    OutOfOfficeHoursDestination: toPbxDestination(rule[OUT]),
    HolidaysDestination: toPbxDestination(rule[HOLIDAYS]),
    AlterDestinationDuringOutOfOfficeHours: rule.alter_destination_during_out_of_office_hours,
    AlterDestinationDuringHolidays: rule.alter_destination_during_holidays,
  }
}

/** A number outside as it is dialled, without what only eases reading; what is no number stays as it is. */
export function dialled(number: string): string {
  const plain = number.replaceAll(/[\s().\-/]/g, '')
  return /^[+\d*#][\d*#]*$/.test(plain) ? plain : number
}

function toPbxDestination(destination: RuleDestination | null): Pbx.Destination {
  const { to, number, external, name, type } = destination ?? NOWHERE
  return {
    To: to,
    Type: type ?? 'None',
    Number: number ?? '',
    Name: name ?? '',
    External: dialled(external ?? ''),
    Tags: [],
  }
}

function toSchedule(hours: RuleHours | null): Pbx.Schedule {
  return {
    Type: hours?.type ?? 'OfficeHours',
    IgnoreHolidays: hours?.ignore_holidays ?? false,
    Periods: (hours?.periods ?? []).map(({ day_of_week, start, stop }) => ({
      DayOfWeek: day_of_week,
      Start: start,
      Stop: stop,
    })),
  }
}

/** A rule without what decorates it, to tell whether two say the same. */
function bare(rule: RuleDraft): RuleDraft {
  const plain = (destination: RuleDestination | null) =>
    destination && { ...destination, name: null, type: null }
  const { trunk_dn: trunk } = rule
  return {
    ...rule,
    trunk_dn: trunk && (trunk.number === null ? trunk : { ...trunk, id: null }),
    [OFFICE]: plain(rule[OFFICE]),
    [OUT]: plain(rule[OUT]),
    [HOLIDAYS]: plain(rule[HOLIDAYS]),
  }
}

/** What of `after` the PBX has to be told, in its own names; empty for nothing. */
export function changedFields(before: RuleDraft, after: RuleDraft): Pbx.InboundRule {
  const [was, is] = [toPbxRule(bare(before)), toPbxRule(bare(after))]
  return Object.fromEntries(
    Object.entries(toPbxRule(after)).filter(
      ([field]) => JSON.stringify(was[field]) !== JSON.stringify(is[field]),
    ),
  )
}
