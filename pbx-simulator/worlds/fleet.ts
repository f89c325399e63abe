import { GROUPS } from '../entities/groups.ts'
import { QUEUES } from '../entities/queues.ts'
import type { Pbx, Row } from '../model/pbx.ts'
import { addRow } from '../model/set-routes.ts'
import { addContacts, addDidRule, addOutboundRule, addTrunk, addUser, furnish } from './furniture.ts'
import { FIRST_NAMES, LAST_NAMES } from './names.ts'
import { makePastCalls } from './past-calls.ts'

/** More extensions than this a world does not have. */
export const MOST_EXTENSIONS = 10_000
const FOUR_DIGITS_END = 5000
const PER_DEPARTMENT = 40
const PER_QUEUE = 50
const PER_TRUNK = 500
const MOST_PAST_CALLS = 2000

/** A large PBX: so many extensions, each with a telephone number of its own, in departments and queues. */
export function buildFleet(pbx: Pbx, size: number): void {
  furnish(pbx)
  const random = pbx.random.stream('people')
  const first = size <= FOUR_DIGITS_END ? 1000 : 100_000
  const groups: Row[] = []
  for (let index = 0; index < Math.ceil(size / PER_DEPARTMENT); index += 1)
    groups.push(addRow(pbx, GROUPS, { Name: `Department ${index + 1}`, Number: `GRP${index + 1}` }))
  for (let index = 0; index < size; index += 1) {
    const group = groups[Math.floor(index / PER_DEPARTMENT)] ?? null
    addUser(pbx, String(first + index), random.pick(FIRST_NAMES), random.pick(LAST_NAMES), group, {
      IsRegistered: random.below(10) > 0,
    })
  }
  for (let index = 0; index < Math.ceil(size / PER_QUEUE); index += 1) {
    const members = Array.from({ length: Math.min(6, size - index * PER_QUEUE) }, (_, at) =>
      String(first + index * PER_QUEUE + at),
    )
    addRow(pbx, QUEUES, {
      Number: String(8000 + index),
      Name: `Queue ${index + 1}`,
      Agents: members.map((number) => ({ Number: number })),
    })
  }
  for (let index = 0; index * PER_TRUNK < size; index += 1) {
    const from = index * PER_TRUNK
    const dids = Array.from(
      { length: Math.min(PER_TRUNK, size - from) },
      (_, at) => `+3617${String(100_000 + from + at)}`,
    )
    const trunk = addTrunk(pbx, String(10_000 + index), dids)
    for (const [at, did] of dids.entries())
      addDidRule(
        pbx,
        trunk,
        did,
        { To: 'Extension', Number: String(first + from + at) },
        null,
        `Direct ${first + from + at}`,
      )
    if (index === 0) addOutboundRule(pbx, 'All calls', '', trunk)
  }
  addContacts(pbx, Math.min(size, 500), '+3630')
  makePastCalls(pbx, Math.min(size, MOST_PAST_CALLS), 30)
}
