import type { Pbx, Row } from '../model/pbx.ts'
import { textOf } from '../model/text.ts'
import type { Call } from './call.ts'
import { isMasked } from './entry.ts'
import { departmentOf, holdsAt } from './hours.ts'
import { targetOf, type Target } from './target.ts'

/** Why an extension does not take a call, in the words of its rules. */
export type Miss = 'NoAnswer' | 'PhoneBusy' | 'PhoneNotRegistered'
const FIELDS: Readonly<Record<Miss, string>> = {
  NoAnswer: 'NoAnswer',
  PhoneBusy: 'Busy',
  PhoneNotRegistered: 'NotRegistered',
}
const NO_EXCEPTIONS = 'ProceedWithNoExceptions'

const listOf = (value: unknown): Row[] => (Array.isArray(value) ? (value as Row[]) : [])
/** Profiles tell calls from outside and calls between extensions apart. */
const sideOf = (call: Call): 'External' | 'Internal' =>
  call.direction === 'Inbound' ? 'External' : 'Internal'

export function profileOf(user: Row): Row | null {
  const profiles = listOf(user.ForwardingProfiles)
  const named = (name: unknown): Row | undefined => profiles.find((profile) => profile.Name === name)
  return named(user.CurrentProfileName) ?? named('Available') ?? profiles[0] ?? null
}

/** Schedules of an extension's rules are read by its department's hours. */
function exceptionsFor(pbx: Pbx, call: Call, user: Row): Row[] {
  const wanted = ['AllCalls', `${sideOf(call)}CallsOnly`, '']
  const department = departmentOf(pbx, user)
  const holding = listOf(user.ForwardingExceptions).filter(
    (rule) =>
      rule.Enabled === true &&
      wanted.includes(textOf(rule.CallType)) &&
      (!rule.Hours || holdsAt(pbx, rule.Hours, department, call.when)),
  )
  return diversionAmong(holding, call) === NO_EXCEPTIONS ? [] : holding
}

/** The rule that sends a call on before anything rings. */
function diversionAmong(exceptions: readonly Row[], call: Call): Row | typeof NO_EXCEPTIONS | null {
  const found =
    exceptions.find((one) => one.Condition === 'BasedOnCallerID' && isMasked(one.Data, call.caller.number)) ??
    exceptions.find((one) => one.Condition === 'ForwardAll') ??
    null
  return targetOf(found?.Destination).to === NO_EXCEPTIONS ? NO_EXCEPTIONS : found
}

/** In another call, and its status does not let a second one in. */
function isBusy(pbx: Pbx, call: Call, user: Row): boolean {
  if (profileOf(user)?.AcceptMultipleCalls !== false) return false
  return [...pbx.calls.live.values()].some(
    (other) =>
      other !== call &&
      [...other.participants.values()].some((one) => one.dn === user.Number && one.status !== 'Ringing'),
  )
}

/** Whether the phone of an extension can ring at all for this call. */
export const canRing = (pbx: Pbx, call: Call, user: Row): boolean =>
  user.Enabled !== false && user.IsRegistered === true && !isBusy(pbx, call, user)

/** Where an extension that does not take a call sends it. */
export function onwardFrom(pbx: Pbx, call: Call, user: Row, miss: Miss): Target {
  const exception = exceptionsFor(pbx, call, user).find((rule) => rule.Condition === miss)
  if (exception && targetOf(exception.Destination).to !== NO_EXCEPTIONS)
    return targetOf(exception.Destination)
  const routes = (profileOf(user)?.AvailableRoute ?? {}) as Row
  return targetOf(routes[`${FIELDS[miss]}${sideOf(call)}`])
}

/** Where an extension sends a call before it rings; null when it rings. */
export function diversionOf(pbx: Pbx, call: Call, user: Row): Target | null {
  if (user.Enabled === false) return targetOf(null)
  const diverted = diversionAmong(exceptionsFor(pbx, call, user), call)
  if (diverted !== null && diverted !== NO_EXCEPTIONS) return targetOf(diverted.Destination)
  const profile = profileOf(user)
  const away = ((profile?.AwayRoute ?? {}) as Row)[sideOf(call)]
  if (profile?.Name !== 'Available' && away) return targetOf(away)
  if (user.IsRegistered !== true) return onwardFrom(pbx, call, user, 'PhoneNotRegistered')
  return isBusy(pbx, call, user) ? onwardFrom(pbx, call, user, 'PhoneBusy') : null
}
