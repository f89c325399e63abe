import { Document, isMap, isScalar, isSeq } from 'yaml'
import type { PlannedRule } from '../../../contract/pbx-rule-plans.ts'
import { BLANK } from './content.ts'
import type { Known } from './names.ts'
import { destinationText, periodText } from './short-forms.ts'

const TRUNK_OR_DESTINATION = /^trunk$|_destination$/

/** A rule as a file has it: what is empty is left out. */
export function writtenRule(rule: PlannedRule): Record<string, unknown> {
  const { hours } = rule
  const isBlank = JSON.stringify(hours) === JSON.stringify(BLANK.hours)
  const isTypeAlone = !hours.ignore_holidays && hours.periods.length === 0
  const written: Record<string, unknown> = {
    rule_name: rule.rule_name,
    condition: rule.condition,
    data: rule.data,
    trunk: rule.trunk,
    call_type: rule.call_type,
    custom_data: rule.custom_data,
    hours: isBlank
      ? null
      : isTypeAlone
        ? hours.type
        : {
            type: hours.type,
            ...(hours.ignore_holidays ? { ignore_holidays: true } : {}),
            ...(hours.periods.length > 0 ? { periods: hours.periods.map(periodText) } : {}),
          },
  }
  for (const field of [
    'office_hours_destination',
    'out_of_office_hours_destination',
    'holidays_destination',
  ] as const) {
    const destination = rule[field]
    written[field] = destination === null ? null : destinationText(destination)
  }
  for (const field of [
    'alter_destination_during_out_of_office_hours',
    'alter_destination_during_holidays',
  ] as const)
    written[field] = rule[field] || null
  return Object.fromEntries(Object.entries(written).filter(([, value]) => value !== null))
}

/** Rules as a YAML file that says beside each number what it is called. */
export function writeYaml(host: string | null, rules: readonly PlannedRule[], known: Known): string {
  const head = { format: 1, ...(host === null ? {} : { host }) }
  const document = new Document({ ...head, rules: rules.map(writtenRule) })
  const names = new Map<string, string>()
  for (const { number, name } of [...known.peers, ...known.trunks])
    if (name !== null && name !== '') names.set(number, name.replaceAll(/[\r\n]+/g, ' '))
  const list = document.get('rules')
  for (const rule of isSeq(list) ? list.items : [])
    for (const { key, value } of isMap(rule) ? rule.items : []) {
      if (!isScalar(key) || !TRUNK_OR_DESTINATION.test(String(key.value)) || !isScalar(value)) continue
      const name = names.get(String(value.value).split(' ').at(-1) ?? '')
      if (name !== undefined) value.comment = ` ${name}`
    }
  return document.toString({ lineWidth: 0 })
}
