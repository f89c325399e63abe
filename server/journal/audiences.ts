import { sql, type RawBuilder } from 'kysely'
import { numbersInDepartments } from '../fleet/fleet.ts'
import type { CallStore, CallTx } from './call-write.ts'

/** The numbers of a host that took part in one call: its agents and queues. */
export type Participants = { tenantId: number; hostId: number; numbers: string[] }

/** Finds the rows that stand for such sets of numbers, made where there are none yet; null for a call without any. */
export type Audiences = (tx: CallTx, wanted: Participants[]) => Promise<(number | null)[]>

/** A host has few of them, and they never change; more than that many are not remembered. */
const MOST_REMEMBERED = 50_000

export const participantsOf = (legs: { agent_extension: string | null; queue: string | null }[]): string[] =>
  [...new Set(legs.flatMap((leg) => [leg.agent_extension, leg.queue]))]
    .filter((number) => number !== null && number !== '')
    .sort((one, other) => (String(one) < String(other) ? -1 : 1)) as string[]

const nameOf = ({ hostId, numbers }: Participants) => `${hostId}\n${numbers.join('\n')}`

/**
 * Who may see a call is asked of the set of numbers that took part in it. A call's set never changes because a person
 * moves to another department: what is asked is in which departments those numbers are now.
 */
export function openAudiences(): Audiences {
  const known = new Map<string, number>()
  return async ({ db, afterCommit }, wanted) => {
    const missing = new Map(
      wanted
        .filter((one) => one.numbers.length > 0 && !known.has(nameOf(one)))
        .map((one) => [nameOf(one), one]),
    )
    const found = new Map<string, number>()
    // In one order, so that two who make the same ones do not wait for each other in a circle.
    for (const [name, { tenantId, hostId, numbers }] of [...missing].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const row = { tenant_id: tenantId, host_id: hostId, numbers: numbers.join('\n') }
      const made = await db
        .insertInto('call_audiences')
        .values(row)
        .onConflict((other) => other.columns(['host_id', 'numbers']).doNothing())
        .returning('id')
        .executeTakeFirst()
      if (made)
        await db
          .insertInto('audience_numbers')
          .values(
            numbers.map((number) => ({
              tenant_id: tenantId,
              audience_id: made.id,
              host_id: hostId,
              number,
            })),
          )
          .execute()
      const there =
        made ??
        (await db
          .selectFrom('call_audiences')
          .select('id')
          .where('host_id', '=', hostId)
          .where('numbers', '=', row.numbers)
          .executeTakeFirstOrThrow())
      found.set(name, there.id)
    }
    if (found.size > 0)
      afterCommit(() => {
        if (known.size + found.size > MOST_REMEMBERED) known.clear()
        for (const [name, id] of found) known.set(name, id)
      })
    return wanted.map((one) => known.get(nameOf(one)) ?? found.get(nameOf(one)) ?? null)
  }
}

/** Whether somebody of these departments took part in the call; one whose numbers the map does not know is seen by nobody. */
export function isOfDepartments(
  { engine }: Pick<CallStore, 'engine'>,
  tenantId: number,
  departments: readonly string[],
): RawBuilder<boolean> {
  return sql<boolean>`calls.audience_id in (select audience_id from audience_numbers
    where (host_id, number) in (${numbersInDepartments(engine, tenantId, departments)}))`
}
