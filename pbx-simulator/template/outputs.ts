import { evaluate, holds, type Scope } from './expression.ts'
import { isSameNumber, recordsOf, ruleHolds, textOf, valuesAt } from './paths.ts'
import { childNamed, type Element, type Scenario } from './read.ts'

/** Fields of somebody who was found, by the names of outputs: `FirstName`, `PhoneMobile`, `EntityId` … */
export type FoundContact = Readonly<Record<string, string>>

export type FoundRecord = { scope: Scope; contact: FoundContact }

const PHONES = /^(?:Phone|FaxBusiness|Pager)/

/** What every record of an answer that the rules accept leads to: its variables, and the outputs made of them. */
export function readRecords(
  scenario: Scenario,
  answer: unknown,
  scope: Scope,
  wanted: string,
): FoundRecord[] {
  const paths = [
    ...scenario.rules.map((rule) => rule.text),
    ...scenario.variables.map((variable) => variable.attributes.Path ?? ''),
  ]
  return recordsOf(answer, paths)
    .filter(
      (record) =>
        scenario.rules.length === 0 || scenario.rules.some((rule) => ruleHolds(rule, record, wanted)),
    )
    .map((record) => {
      const inner = new Map(scope)
      for (const variable of scenario.variables)
        inner.set(variable.attributes.Name ?? '', variableOf(variable, record, inner, wanted))
      return { scope: inner, contact: outputsOf(scenario.outputs, inner) }
    })
}

function variableOf(variable: Element, record: unknown, scope: Scope, wanted: string): string {
  const path = variable.attributes.Path ?? ''
  const filter = childNamed(variable, 'Filter')
  const rules = filter?.children ?? []
  const sought =
    variable.attributes.LookupValue === undefined
      ? wanted
      : evaluate(variable.attributes.LookupValue, scope, 1)
  if (rules.length === 0) return textOf(valuesAt(record, path)[0])
  const member = recordsOf(record, [...rules.map((rule) => rule.text), path]).find((candidate) =>
    rules.every((rule) => ruleHolds(rule, candidate, sought)),
  )
  return member === undefined ? '' : textOf(valuesAt(member, path)[0])
}

function outputsOf(outputs: Element | null, scope: Scope): FoundContact {
  const found: Record<string, string> = {}
  for (const output of outputs?.children ?? []) {
    const { Type = '', Value, Passes, If, SkipIf } = output.attributes
    if ((SkipIf !== undefined && holds(SkipIf, scope)) || (If !== undefined && !holds(If, scope))) continue
    const value = evaluate(
      Value ?? childNamed(output, 'Value')?.text ?? output.text,
      scope,
      Number(Passes ?? 0) || 0,
    ).trim()
    if (value !== '') found[Type] = value
  }
  return found
}

/** Whether somebody counts as found for a number: it must come back in one of the phone outputs. */
export const carriesNumber = (contact: FoundContact, number: string): boolean =>
  Object.entries(contact).some(([type, value]) => PHONES.test(type) && isSameNumber(value, number))

export const nextOf = (scenario: Scenario): string | null => scenario.outputs?.attributes.Next || null

export const allowsEmpty = (scenario: Scenario): boolean =>
  scenario.outputs?.attributes.AllowEmpty?.toLowerCase() === 'true'
