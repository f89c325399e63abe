import type { Destination, Holiday, RuleDestination } from '../../contract/profiles.ts'
import type { Expansion } from './calendar/expand.ts'
import { openAt, type WeekSpan } from './hours.ts'
import { whyNot, type CallFacts, type Condition, type LastAgent } from './rules.ts'

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
  /** E.164. */
  outboundNumber: string | null
}
export type LiveRule = {
  name: string
  condition: Condition
  destination: RuleDestination
  queue_position: number | null
}

/** Who calls, as far as it decides where the call goes. */
export type CallerFacts = Omit<CallFacts, 'open' | 'called' | 'last_agent'> & {
  /** Who talked with the caller last, on each PBX that may be meant, the latest first; `talked_at` in ms UTC. */
  last_agents: readonly Omit<LastAgent, 'days'>[]
}

export type Decided = {
  open: boolean
  destination: Destination | null
  queue_position: number | null
  rule: string | null
  /** In the order they were found. */
  reasons: string[]
}

const MOST_REASONS = 30
const DAY_MS = 86_400_000

/** The one there is, and what is told of it. An extension is somebody else on another PBX, so of several it is none. */
function lastAgentOf(
  { last_agents: [talk, another] }: CallerFacts,
  at: number,
): { last_agent: LastAgent | null; told: string } {
  if (!talk) return { last_agent: null, told: 'Nobody is known to have talked with the caller.' }
  if (another)
    return {
      last_agent: null,
      told: 'The caller talked with people of several PBXs, and none is said to ask.',
    }
  const { extension, host_id, talked_at } = talk
  const when = new Date(talked_at).toISOString()
  return {
    last_agent: { ...talk, days: Math.max(0, at - talked_at) / DAY_MS },
    told: `Extension ${extension} of PBX ${host_id} talked with the caller last, at ${when}.`,
  }
}

/** Where a rule sends a call, with the extension that its condition found. */
function destinationOf(
  { destination: { type, value } }: LiveRule,
  { last_agent }: CallFacts,
): Destination | null {
  if (type !== 'last_agent') return { type, value }
  return last_agent && { type: 'extension', value: last_agent.extension }
}

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
  const { last_agent, told } = lastAgentOf(caller, at)
  const facts: CallFacts = { ...caller, open, called, last_agent }
  const asksWhoTalked = profile.rules.some(({ condition }) => condition.talkedWithin !== undefined)
  const reasons = [
    `Profile "${profile.name}".`,
    why,
    ...beyond(profile.calendar, at),
    ...(asksWhoTalked ? [told] : []),
  ]
  const missed: string[] = []
  for (const rule of profile.rules) {
    const { name, condition, queue_position } = rule
    const not = whyNot(condition, facts)
    if (not === null) {
      const all = [...reasons, ...missed.slice(-MOST_REASONS), `Rule "${name}" holds.`]
      return { open, destination: destinationOf(rule, facts), queue_position, rule: name, reasons: all }
    }
    missed.push(`Rule "${name}" does not hold: ${not}.`)
  }
  return { open, ...nowhere, reasons: [...reasons, ...missed.slice(-MOST_REASONS), 'No rule holds.'] }
}
