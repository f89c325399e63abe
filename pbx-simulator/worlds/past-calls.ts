import { answer, callIn, callOut, noAnswer, transfer } from '../calls/acts.ts'
import { endCall } from '../calls/calls.ts'
import { holderOf, type Call } from '../calls/call.ts'
import type { Pbx } from '../model/pbx.ts'
import { FIRST_NAMES, LAST_NAMES } from './names.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/** Calls of the days before, of every kind, written into the logs as if they had happened. */
export function makePastCalls(pbx: Pbx, howMany: number, days: number): void {
  const random = pbx.random.stream('past calls')
  const now = pbx.clock.now()
  const begins = Array.from(
    { length: howMany },
    () => now - MINUTE_MS * 20 - random.below(days * DAY_MS),
  ).sort((a, b) => a - b)
  const people = pbx.store.rows('Users')
  const users = people.map((row) => String(row.Number))
  const reachable = people.filter((row) => row.IsRegistered === true).map((row) => String(row.Number))
  const dids = pbx.store
    .rows('InboundRules')
    .map((row) => String(row.Data))
    .filter((did) => did.startsWith('+'))
  if (users.length < 2 || dids.length === 0) return
  const outside = (): string => `+3630${1_000_000 + random.below(9_000_000)}`
  const ends = (isOutward: boolean): { from: string; to: string } => {
    const from = random.pick(users)
    return { from, to: isOutward ? outside() : random.pick(users.filter((number) => number !== from)) }
  }
  for (const begin of begins) {
    pbx.calls.setTime(begin)
    const kind = random.below(10)
    const isRecorded = random.below(4) === 0
    const call: Call =
      kind < 6
        ? callIn(pbx, {
            name: null,
            from: outside(),
            callerName: `${random.pick(FIRST_NAMES)} ${random.pick(LAST_NAMES)}`,
            did: random.pick(dids),
            when: 'office',
            isRecorded,
            to: null,
          })
        : callOut(pbx, { name: null, isRecorded, ...ends(kind < 8) })
    let at = begin + 4000 + random.below(16_000)
    pbx.calls.setTime(at)
    const rings =
      [...call.participants.values()].some((one) => one.status === 'Ringing') || call.outside !== null
    if (call.endedAt !== null) continue
    if (!rings || random.below(5) === 0) {
      if (random.below(2) === 0) noAnswer(pbx, call)
      if (call.endedAt === null) endCall(pbx, call, 'caller')
      continue
    }
    answer(pbx, call, null)
    at += 10_000 + random.below(5 * MINUTE_MS)
    pbx.calls.setTime(at)
    if (call.direction === 'Inbound' && random.below(8) === 0) {
      const to = reachable.find((number) => number !== holderOf(call)?.dn) ?? ''
      transfer(pbx, call, to)
      pbx.calls.setTime(at + 5000)
      answer(pbx, call, to)
      pbx.calls.setTime(at + 65_000)
    }
    endCall(pbx, call, random.below(2) === 0 ? 'caller' : 'callee')
  }
  pbx.calls.setTime(null)
}
