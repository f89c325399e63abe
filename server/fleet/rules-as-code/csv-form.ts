import { parse } from 'csv-parse/sync'
import type { PlannedRule } from '../../../contract/pbx-rule-plans.ts'
import { bareName } from '../inbound-rules/spelling.ts'
import type { Problems } from './problems.ts'
import type { WrittenRule } from './rule-file.ts'
import { destinationText, periodText } from './short-forms.ts'

/** The columns of a CSV file, in this order. An empty cell is a field that is not there. */
export const COLUMNS = [
  'host',
  'rule_name',
  'condition',
  'data',
  'trunk',
  'call_type',
  'custom_data',
  'hours',
  'ignore_holidays',
  'periods',
  'office_hours_destination',
  'out_of_office_hours_destination',
  'holidays_destination',
  'alter_destination_during_out_of_office_hours',
  'alter_destination_during_holidays',
] as const
type Column = (typeof COLUMNS)[number]

const BY_NAME = new Map(COLUMNS.map((column) => [bareName(column), column]))
const OF_HOURS: Partial<Record<Column, string>> = {
  hours: 'type',
  ignore_holidays: 'ignore_holidays',
  periods: 'periods',
}

type Row = WrittenRule & { host: string | null }
type Parsed = { record: string[]; info: { lines: number } }

/** The delimiter that parts the header line most often. */
const delimiterOf = (header: string) =>
  [',', ';', '\t'].toSorted((a, b) => header.split(b).length - header.split(a).length)[0] ?? ','

/** Reads the rows of a CSV file, the names of its columns in the first line. */
export function readCsv(text: string, problems: Problems): Row[] {
  let rows: Parsed[]
  try {
    rows = parse(text, {
      bom: true,
      delimiter: delimiterOf(text.slice(0, text.indexOf('\n') >>> 0)),
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
    }) as unknown as Parsed[]
  } catch (error) {
    problems.add('file', null, `This is no CSV: ${error instanceof Error ? error.message : String(error)}`)
    return []
  }
  const [header, ...records] = rows
  const columns = (header?.record ?? []).map((name) => ({
    name,
    column: BY_NAME.get(bareName(name)) ?? null,
  }))
  for (const { name, column } of columns)
    if (column === null)
      problems.add(`column ${name}`, 1, `There is no such column; known are ${COLUMNS.join(', ')}.`)
  for (const needed of ['condition', 'data'] as const)
    if (!columns.some(({ column }) => column === needed))
      problems.add(`column ${needed}`, 1, 'This column is needed.')
  return records.map(({ record, info }) => {
    const fields: Record<string, string> = {}
    const hours: Record<string, string> = {}
    const place = `line ${info.lines}`
    if (record.length > columns.length)
      problems.add(place, info.lines, 'It has more cells than there are columns.')
    for (const [at, cell] of record.entries()) {
      const column = columns[at]?.column
      if (!column || cell.trim() === '') continue
      const inside = OF_HOURS[column]
      if (inside === undefined) fields[column] = cell.trim()
      else hours[inside] = cell.trim()
    }
    const { host = null, ...rest } = fields
    const isOfHours = Object.keys(hours).length > 0
    return { host, place, line: info.lines, fields: isOfHours ? { ...rest, hours } : rest }
  })
}

const cellOf = (text: string): string =>
  /[",;\t\r\n]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text

/** Rules as a CSV file; `host` names the PBX in every row. */
export function writeCsv(host: string | null, rules: readonly PlannedRule[]): string {
  const columns = COLUMNS.filter((column) => column !== 'host' || host !== null)
  const lines = rules.map((rule) => {
    const { hours } = rule
    const destination = (one: PlannedRule['office_hours_destination']) => {
      const text = one === null ? '' : destinationText(one)
      return typeof text === 'string' ? text : JSON.stringify(text)
    }
    const cells: Record<Column, string> = {
      host: host ?? '',
      rule_name: rule.rule_name ?? '',
      condition: rule.condition ?? '',
      data: rule.data ?? '',
      trunk: rule.trunk ?? '',
      call_type: rule.call_type ?? '',
      custom_data: rule.custom_data ?? '',
      hours: hours.type,
      ignore_holidays: hours.ignore_holidays ? 'true' : '',
      periods: hours.periods.map(periodText).join('; '),
      office_hours_destination: destination(rule.office_hours_destination),
      out_of_office_hours_destination: destination(rule.out_of_office_hours_destination),
      holidays_destination: destination(rule.holidays_destination),
      alter_destination_during_out_of_office_hours: rule.alter_destination_during_out_of_office_hours
        ? 'true'
        : '',
      alter_destination_during_holidays: rule.alter_destination_during_holidays ? 'true' : '',
    }
    return columns.map((column) => cellOf(cells[column])).join(',')
  })
  return [columns.join(','), ...lines].join('\r\n') + '\r\n'
}
