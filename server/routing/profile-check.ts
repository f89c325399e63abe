import { isSupportedCountry } from 'libphonenumber-js/max'
import type { ProfilePatch, Rule } from '../../contract/profiles.ts'
import { invalid, type FieldErrors } from '../platform/errors.ts'
import { offsetAt } from '../platform/local-time.ts'
import { hoursFault } from './hours.ts'
import { hiddenBy } from './reachability.ts'
import { toCondition } from './rules.ts'
import { sourceOf, SOURCES } from './sources.ts'

/** A number as it is dialled from anywhere. */
const E164 = /^\+[1-9]\d{6,14}$/

function isTimeZone(zone: string): boolean {
  try {
    offsetAt(zone, 0)
    return true
  } catch {
    return false
  }
}

/** Why a rule can never decide, in words; null when it can. */
function hiddenText(rules: readonly Rule[], hidden: { by: number[] }): string {
  const names = hidden.by.map((i) => `"${rules[i]?.name}"`)
  if (names.length === 0) return 'Can never hold: its conditions contradict each other.'
  const who =
    names.length === 1 ? `rule ${names[0]} takes` : `rules ${names.slice(0, 5).join(', ')} together take`
  return `Can never decide: ${who} every call it is for. Put it before, or narrow what stands before it.`
}

/** Throws 422 that names everything wrong with the fields of a profile that are written. */
export function checkProfile(input: ProfilePatch, calledKey: (text: string) => string | null): void {
  const errors: FieldErrors = {}
  const refuse = (field: string, message: string) => void (errors[field] ??= []).push(message)
  const { country, time_zone, hours, holidays = [], rules = [], dnids = [] } = input
  if (input.name?.trim() === '') refuse('name', 'Cannot be empty.')
  if (country && !isSupportedCountry(country))
    refuse('country', `${country} is not a country with a telephone numbering plan.`)
  if (time_zone && !isTimeZone(time_zone))
    refuse('time_zone', `${time_zone} is not a time zone; write it like Europe/Paris.`)
  const fault = hours ? hoursFault(hours) : null
  if (fault !== null) refuse('hours', fault)
  for (const [i, { from, to, yearly }] of holidays.entries())
    if (to !== undefined && to < from && !yearly) refuse(`holidays.${i}.to`, `Lies before ${from}.`)
  for (const [i, dnid] of dnids.entries())
    if (calledKey(dnid) === null) refuse(`dnids.${i}`, 'Names no number.')
  const conditions = rules.map(({ when }) => toCondition(when, calledKey))
  if (input.outbound_number && !E164.test(input.outbound_number.trim()))
    refuse('outbound_number', 'Is no number in E.164: write it like +33199001000.')
  const named = (input.sources ?? []).map((given) => sourceOf(given).source)
  for (const [i, name] of named.entries()) {
    if (!SOURCES.includes(name))
      refuse(`sources.${i}`, `There is no source "${name}"; there is: ${SOURCES.join(', ')}.`)
    else if (named.indexOf(name) < i) refuse(`sources.${i}`, `${name} is asked already.`)
  }
  for (const [i, { destination, when }] of rules.entries()) {
    if (destination.type !== 'last_agent') continue
    if (destination.value !== '')
      refuse(`rules.${i}.destination.value`, 'Is empty: who it is turns out when the call comes.')
    if (!when.last_agent)
      refuse(`rules.${i}.when.last_agent`, 'Is needed for the destination last_agent: {} is within 30 days.')
  }
  for (const i of rules.keys()) {
    const hidden = hiddenBy(conditions.slice(0, i + 1))
    if (hidden) refuse(`rules.${i}`, hiddenText(rules, hidden))
  }
  if (Object.keys(errors).length > 0) throw invalid(errors)
}
