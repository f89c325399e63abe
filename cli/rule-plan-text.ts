import { styleText } from 'node:util'
import type { ChangedAnswer, PlanStep, RulePlan, RulePlanSummary } from '../contract/pbx-rule-plans.ts'

type Colour = Parameters<typeof styleText>[0]
/** Coloured where a terminal shows it; NO_COLOR is respected. */
const inColour = (colour: Colour, text: string) => styleText(colour, text, { stream: process.stdout })

const SIGNS = { add: ['+', 'green'], change: ['~', 'yellow'], remove: ['-', 'red'] } as const

const isNamed = (value: unknown): value is string => typeof value === 'string' && value !== ''

function valueText(value: unknown): string {
  if (value === null || value === undefined || value === '') return 'nothing'
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(valueText).join('; ')
  if (typeof value !== 'object') return isNamed(value) ? value : JSON.stringify(value)
  const fields = value as Record<string, unknown>
  const { to, number, external, day_of_week: day, start, stop } = fields
  if (to !== undefined) return [to, number, external].filter(isNamed).join(' ')
  if (isNamed(day) && isNamed(start) && isNamed(stop))
    return `${day} ${start.slice(0, 5)}-${stop.slice(0, 5)}`
  return Object.entries(fields)
    .filter(([, inner]) => inner !== false && !(Array.isArray(inner) && inner.length === 0))
    .map(([name, inner]) => (inner === true ? name : valueText(inner)))
    .join(', ')
}

function stepLines({ act, rule, fields, after, for_order: forOrder }: PlanStep): string[] {
  const [sign, colour] = SIGNS[act]
  const head = inColour(colour, `${sign} ${rule}${forOrder ? ' (for its place among the rules)' : ''}`)
  if (act === 'change')
    return [
      head,
      ...fields.map(
        ({ field, before, after: is }) => `    ${field}: ${valueText(before)} → ${valueText(is)}`,
      ),
    ]
  if (act === 'remove' || forOrder || after === null) return [head]
  const shown = [
    'trunk',
    'hours',
    'office_hours_destination',
    'out_of_office_hours_destination',
    'holidays_destination',
  ] as const
  return [
    head,
    ...shown.filter((name) => after[name] !== null).map((name) => `    ${name}: ${valueText(after[name])}`),
  ]
}

function answerLine({ did, caller, at, before, after }: ChangedAnswer): string {
  const way = ({ path, hours }: ChangedAnswer['before']) =>
    `${path.join(' → ') || 'nowhere'}${hours === null ? '' : ` (${hours})`}`
  const who = caller === '' ? '' : ` from ${caller}`
  return `    ${did}${who} at ${at.slice(0, 16).replace('T', ' ')} UTC: ${way(before)}  ⇒  ${way(after)}`
}

export const countsText = (plan: RulePlanSummary): string =>
  `${plan.added} to add, ${plan.changed} to change, ${plan.removed} to remove, ${plan.moved} elsewhere in the order, ${plan.unchanged} stay`

/** A plan for somebody who is to decide about it. */
export function planText(name: string, plan: RulePlan): string {
  const lines = [
    inColour('bold', `${name}/${plan.id}: ${countsText(plan)}`),
    ...plan.steps.flatMap(stepLines),
  ]
  for (const { rule, before, after } of plan.moves)
    lines.push(inColour('cyan', `> ${rule}: place ${before}, in the file ${after}`))
  for (const { rule, field, message, refuses } of plan.complaints)
    lines.push(inColour(refuses ? 'red' : 'yellow', `${refuses ? '!' : '?'} ${rule}, ${field}: ${message}`))
  if (plan.answers.length > 0) lines.push('  calls that go elsewhere:', ...plan.answers.map(answerLine))
  lines.push(...plan.notes.map((note) => `  ${note}`))
  if (plan.read.source === 'snapshot' && plan.answers.length > 0)
    lines.push(`  where rules lead further: as of ${plan.read.taken_at}`)
  return lines.join('\n')
}

/** One line a plan, in columns. */
export function tableText(
  rows: readonly { name: string; plan: RulePlan | null; failure: string | null }[],
): string {
  const cells = rows.map(({ name, plan, failure }) => [
    plan === null ? name : `${name}/${plan.id}`,
    ...(plan === null
      ? ['', '', '', '']
      : [plan.added, plan.changed, plan.removed, plan.answers.length].map(String)),
    failure ?? plan?.failure?.message ?? plan?.state ?? '',
  ])
  const head = ['plan', 'add', 'change', 'remove', 'answers', 'state']
  const widths = head.map((title, at) => Math.max(title.length, ...cells.map((row) => row[at]?.length ?? 0)))
  const lineOf = (row: readonly string[]) =>
    row
      .map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0)))
      .join('  ')
      .trimEnd()
  return [inColour('bold', lineOf(head)), ...cells.map(lineOf)].join('\n')
}
