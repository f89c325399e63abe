import type { InboundRule, RuleDestination, RuleHours } from '../../../contract/pbx-inbound-rules.ts'

const COLUMNS = [
  'id',
  'rule_name',
  'condition',
  'data',
  'call_type',
  'trunk',
  'hours',
  'office_hours_destination',
  'out_of_office_hours_destination',
  'holidays_destination',
  'custom_data',
] as const

const destinationText = (destination: RuleDestination | null, isUsed = true): string =>
  destination === null || !isUsed
    ? ''
    : [destination.to, destination.number ?? destination.external].filter((part) => part !== null).join(' ')

const hoursText = (hours: RuleHours | null): string =>
  hours === null
    ? ''
    : [
        hours.type,
        ...hours.periods.map(
          ({ day_of_week: day, start, stop }) => `${day} ${start.slice(0, 5)}-${stop.slice(0, 5)}`,
        ),
      ].join('; ')

/** Quoted where a reader could take it for something else; a formula is kept from being one. */
function cellText(value: string | number | null): string {
  const text = value === null ? '' : String(value)
  const plain = /^[=@\t\r]|^[+-](?![\d*]+$)/.test(text) ? `'${text}` : text
  return /[",;\t\r\n]/.test(plain) || plain !== plain.trim() ? `"${plain.replaceAll('"', '""')}"` : plain
}

/** Rules as a sheet, one a line; destinations that their switches leave out of use are empty. */
export function rulesCsv(rules: readonly InboundRule[]): string {
  const lines = rules.map((rule) => {
    const cells: Record<(typeof COLUMNS)[number], string | number | null> = {
      id: rule.id,
      rule_name: rule.rule_name,
      condition: rule.condition,
      data: rule.data,
      call_type: rule.call_type,
      trunk: rule.trunk_dn?.number ?? null,
      hours: hoursText(rule.hours),
      office_hours_destination: destinationText(rule.office_hours_destination),
      out_of_office_hours_destination: destinationText(
        rule.out_of_office_hours_destination,
        rule.alter_destination_during_out_of_office_hours,
      ),
      holidays_destination: destinationText(
        rule.holidays_destination,
        rule.alter_destination_during_holidays,
      ),
      custom_data: rule.custom_data,
    }
    return COLUMNS.map((column) => cellText(cells[column])).join(',')
  })
  return [COLUMNS.join(','), ...lines].map((line) => `${line}\r\n`).join('')
}
