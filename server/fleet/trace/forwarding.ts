import type { Row } from '../snapshots/canonical.ts'
import { calendarOf, holds } from './calendar.ts'
import { END, placeOf, type Place } from './places.ts'
import { fits } from './rules.ts'
import { seconds, stop, way, type Circumstances, type Stop, type Way } from './stop.ts'
import { departmentOf, rowOf, rowsOf, textOf, type Station, type World } from './world.ts'

const OUTCOMES = [
  ['no_answer', 'NoAnswer', 'NoAnswerExternal', 'nobody answers'],
  ['busy', 'PhoneBusy', 'BusyExternal', 'the extension is busy'],
  ['not_registered', 'PhoneNotRegistered', 'NotRegisteredExternal', 'no phone of it is registered'],
] as const

/** The profile of the status Available. */
export function availableProfile(user: Row): Row | null {
  const profiles = rowsOf(user['ForwardingProfiles'])
  return profiles.find((profile) => profile['Name'] === 'Available') ?? profiles[0] ?? null
}

const conditionOf = (rule: Row) => textOf(rule['Condition'])
const destinationOf = (rule: Row) => rowOf(rule['Destination'])
/** The rule leaves a call to the profile, and keeps the other rules out of it. */
const proceeds = (rule: Row) => textOf(destinationOf(rule)?.['To']) === 'ProceedWithNoExceptions'
const diverts = (rule: Row) => ['BasedOnCallerID', 'ForwardAll'].includes(conditionOf(rule))

/** What becomes of a call at an extension: its rules for calls, then the profile of its status. */
export function extensionStop(world: World, station: Station, asked: Circumstances): Stop {
  const { row, number, name } = station
  if (row['Enabled'] === false) return stop({ ways: [way('always', END, 'the extension is switched off')] })
  const lead = (destination: Row | null): Place => placeOf(world, destination, number) ?? END
  let rules = rowsOf(row['ForwardingExceptions']).filter((rule) => isFor(world, row, rule, asked))
  const ways: Way[] = []
  if (asked.at === null) {
    for (const rule of rules.filter((one) => diverts(one) && !proceeds(one)))
      ways.push(way('rule', lead(destinationOf(rule)), `a rule of the extension for ${forWhom(rule)}`))
  } else {
    const found =
      rules.find((rule) => conditionOf(rule) === 'BasedOnCallerID') ??
      rules.find((rule) => conditionOf(rule) === 'ForwardAll')
    if (found && !proceeds(found))
      return stop({
        ways: [way('always', lead(destinationOf(found)), `a rule of the extension for ${forWhom(found)}`)],
      })
    if (found) rules = []
  }
  const available = availableProfile(row)
  for (const profile of rowsOf(row['ForwardingProfiles'])) {
    if (profile === available) continue
    const away = rowOf(rowOf(profile['AwayRoute'])?.['External'])
    const status = `status ${textOf(profile['CustomName']) || textOf(profile['Name'])}`
    if (away) ways.push(way(status, lead(away), `the ${status.replace(' ', ' is ')}`))
    else if (profile['AvailableRoute']) ways.push(...outcomes(profile, `${status} `))
  }
  return stop({
    ways: [...outcomes(available, ''), ...ways],
    rings: [{ number, name, is_there: true }],
    takes: true,
    why: ['status Available'],
  })

  /** The ways on from a phone that rings in vain, or does not ring. */
  function outcomes(profile: Row | null, status: string): Way[] {
    const routes = rowOf(profile?.['AvailableRoute'])
    const after = seconds(profile?.['NoAnswerTimeout'])
    return OUTCOMES.flatMap(([on, condition, field, why]) => {
      const fitting = rules.filter((rule) => conditionOf(rule) === condition)
      const counting = (asked.at === null ? fitting : fitting.slice(0, 1)).filter((rule) => !proceeds(rule))
      const told = (rule: Row) => way(on, lead(destinationOf(rule)), `${why}; a rule of the extension`)
      const own = way(on, lead(rowOf(routes?.[field])), why)
      const found = counting.length > 0 && asked.at !== null ? [] : [own]
      return [...counting.map(told), ...found].map((one) => ({
        ...one,
        on: status + one.on,
        afterSeconds: on === 'no_answer' ? after : null,
      }))
    })
  }
}

const forWhom = (rule: Row) =>
  conditionOf(rule) === 'ForwardAll' ? 'all calls' : textOf(rule['Data']) || 'all calls'

/** Whether a rule of an extension counts for this caller now, by the hours of the extension's department. */
function isFor(world: World, user: Row, rule: Row, { at, caller }: Circumstances): boolean {
  if (rule['Enabled'] !== true || rule['CallType'] === 'InternalCallsOnly') return false
  if (at === null) return true
  if (conditionOf(rule) === 'BasedOnCallerID' && !fits(textOf(rule['Data']), caller ?? '')) return false
  const schedule = rowOf(rule['Hours'])
  return schedule === null || holds(schedule, calendarOf(world, departmentOf(world, user)), at).open
}
