import { firstOf, type Parameters } from '../../parameters.ts'

/** What a PBX sends for a variable that has no value: nothing, or the variable itself. */
const UNFILLED = /^\[.*\]$/s

/** The first of these parameters that says something; null when none does. Names in lower case. */
export function said(parameters: Parameters, ...names: string[]): string | null {
  for (const name of names) {
    const text = parameters.get(name)?.trim() ?? ''
    if (text !== '' && !UNFILLED.test(text)) return text
  }
  return null
}

/** As `said`, where nothing is an answer too: empty for a parameter without a value, null when there is none. */
export const asked = (parameters: Parameters, ...names: string[]): string | null =>
  firstOf(parameters, names) === null ? null : (said(parameters, ...names) ?? '')
