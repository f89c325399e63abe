import type { Selectable } from 'kysely'
import type { HostFacts } from '../fleet/fleet.ts'
import { moveRemarks } from './call-remarks.ts'
import type { CallsTable } from './call-tables.ts'
import { lockCall, restitch, type CallDeps, type CallTx } from './call-write.ts'

/** How far the clocks of who tells of a call and of the PBX may be apart. */
const APART_MS = 120_000
const PAGE = 500

type Row = Selectable<CallsTable>
type Place = { tenantId: number; host: HostFacts }

/** The number by which a call is known from outside; an inner call has none. */
const outsideOf = (call: Row) => (call.direction === 'outbound' ? call.called_key : call.caller_key)

/** The call of the log that somebody else told of as well: the same number at the same time, and the agent was in it. */
async function toldInLog({ db }: CallTx, { host }: Place, call: Row): Promise<Row | null> {
  const near = await db
    .selectFrom('calls')
    .selectAll()
    .where('host_id', '=', host.id)
    .where('source', '=', 'xapi')
    .where('started_at', '>=', call.started_at - APART_MS)
    .where('started_at', '<=', call.started_at + APART_MS)
    .execute()
  const numbers = new Set([call.caller_key, call.called_key])
  const alike = near.filter(
    (one) => outsideOf(one) !== null && numbers.has(outsideOf(one)) && areOneWay(one, call),
  )
  alike.sort(
    (one, other) =>
      Math.abs(one.started_at - call.started_at) - Math.abs(other.started_at - call.started_at) ||
      one.id - other.id,
  )
  for (const one of alike) {
    if (call.agent_extension === null) return one
    const legs = await db.selectFrom('legs').select('agent_extension').where('call_id', '=', one.id).execute()
    if (legs.some((leg) => leg.agent_extension === call.agent_extension)) return one
  }
  return null
}

const areOneWay = (one: Row, other: Row) =>
  one.direction === null || other.direction === null || one.direction === other.direction

/**
 * Makes one call of each that another source told of as well as the log: from then on it is what the log says. Looks at
 * calls that began since `from` or came after the call `joinedTo`; answers up to which call there is nothing more to look at.
 */
export async function joinTold(
  tx: CallTx,
  deps: CallDeps,
  place: Place,
  { from, joinedTo }: { from: number; joinedTo: number },
): Promise<number> {
  const { db } = tx
  const { host } = place
  let last = joinedTo
  for (let after = 0; ;) {
    const told = await db
      .selectFrom('calls')
      .selectAll()
      .where('host_id', '=', host.id)
      .where('id', '>', after)
      .where('source', '!=', 'xapi')
      .where((is) => is.or([is('started_at', '>=', from), is('id', '>', joinedTo)]))
      .orderBy('id')
      .limit(PAGE)
      .execute()
    for (const call of told) {
      const inLog = await toldInLog(tx, place, call)
      if (inLog) await join(tx, deps, place, call, inLog)
    }
    const end = told.at(-1)
    if (end === undefined) return last
    after = end.id
    last = Math.max(last, end.id)
  }
}

async function join(
  tx: CallTx,
  deps: CallDeps,
  { tenantId, host }: Place,
  call: Row,
  inLog: Row,
): Promise<void> {
  const { db } = tx
  await lockCall(tx, host.id, inLog.call_key)
  await db
    .updateTable('records')
    .set({ call_key: inLog.call_key })
    .where('host_id', '=', host.id)
    .where('call_key', '=', call.call_key)
    .execute()
  // Whoever told of it first knows it by that id.
  const [kept, gone] = call.id < inLog.id ? [call, inLog] : [inLog, call]
  await db.deleteFrom('calls').where('id', '=', gone.id).execute()
  await moveRemarks(tx, tenantId, { gone: gone.id, kept: kept.id })
  await db.updateTable('calls').set({ call_key: inLog.call_key }).where('id', '=', kept.id).execute()
  await restitch(tx, deps, [{ tenantId, host, callKey: inLog.call_key }])
}
