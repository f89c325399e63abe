import type { Destination, Holiday } from '../../contract/profiles.ts'
import type { Expansion } from './calendar/expand.ts'
import { openAt, type WeekSpan } from './hours.ts'
import { whyNot, type CallFacts, type Condition } from './rules.ts'

/** A profile as decisions are made with it. */
export type LiveProfile = {
  id: number
  name: string
  /** In whose national form its callers are read; null: the tenant's. */
  country: string | null
  /** null: the tenant's. */
  zone: string | null
  /** null: always open. */
  hours: readonly WeekSpan[] | null
  holidays: readonly Holiday[]
  calendar: Expansion | null
  rules: readonly LiveRule[]
}
export type LiveRule = {
  name: string
  condition: Condition
  destination: Destination
  queue_position: number | null
}

/** Who calls, as far as it decides where the call goes. */
export type CallerFacts = Omit<CallFacts, 'open' | 'called'>

export type Decided = {
  open: boolean
  destination: Destination | null
  queue_position: number | null
  rule: string | null
  /** In the order they were found. */
  reasons: string[]
}

const MOST_REASONS = 30

/** Events of a calendar are known for some years; of other times nothing is said in silence. */
const beyond = (calendar: Expansion | null, at: number): string[] =>
  calendar === null || (calendar.from <= at && at < calendar.until)
    ? []
    : ['The calendar is not known for that time.']

/**
 * Where a call goes: the first rule that holds. `at` is ms UTC, `zone` the tenant's, `called` what the called number is
 * compared by. Depends on nothing else.
 */
export function decide(
  profile: LiveProfile | null,
  caller: CallerFacts,
  { at, zone, called }: { at: number; zone: string; called: string | null },
): Decided {
  const nowhere = { destination: null, queue_position: null, rule: null }
  if (!profile) return { open: true, ...nowhere, reasons: ['No profile is for the called number.'] }
  const { open, why } = openAt({ ...profile, zone: profile.zone ?? zone }, at)
  const facts: CallFacts = { ...caller, open, called }
  const reasons = [`Profile "${profile.name}".`, why, ...beyond(profile.calendar, at)]
  const missed: string[] = []
  for (const { name, condition, destination, queue_position } of profile.rules) {
    const not = whyNot(condition, facts)
    if (not === null) {
      const all = [...reasons, ...missed.slice(-MOST_REASONS), `Rule "${name}" holds.`]
      return { open, destination, queue_position, rule: name, reasons: all }
    }
    missed.push(`Rule "${name}" does not hold: ${not}.`)
  }
  return { open, ...nowhere, reasons: [...reasons, ...missed.slice(-MOST_REASONS), 'No rule holds.'] }
}
