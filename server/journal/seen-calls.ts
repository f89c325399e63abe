import type { Selectable } from 'kysely'
import type { HostFacts } from '../fleet/fleet.ts'
import type { Actor } from '../platform/audit.ts'
import { toJson } from '../platform/database/json.ts'
import type { Tx } from '../platform/database/store.ts'
import { authorOf } from './author.ts'
import type { CallReach } from './call-filters.ts'
import type { CallsTable } from './call-tables.ts'
import { restitch, type CallDeps, type CallStore, type CallTx } from './call-write.ts'
import { newRow } from './new-record.ts'
import { callKey } from './record-fields.ts'
import { callOfSeen, lockReports } from './report-calls.ts'
import { SEEN } from './stitching.ts'
import { storeOne } from './store-records.ts'
import type { Handler, Work } from '../platform/work/work.ts'

/** A call as a hub saw it on its PBX, whose record may come later or never. Instants ms UTC. */
export type SeenCall = {
  tenantId: number
  hostId: number
  /** The hub's number of it, never used again, and the PBX's, which is. */
  callNo: number
  callId: string
  direction: 'inbound' | 'outbound' | 'internal'
  /** The other side; null when it is withheld. */
  number: string | null
  e164: string | null
  numberKey: string | null
  callerName: string | null
  called: string | null
  queue: string | null
  /** The phone that talked last, else that rang last. */
  phone: string | null
  startedAt: number
  answeredAt: number | null
  /** null: it goes on. */
  endedAt: number | null
  customerId: number | null
  contactId: number | null
}

/** By `live:` and the hub's number, or by the PBX's; null for none within reach. */
export type FindSeenCall = (
  reach: CallReach,
  asked: { call: string; host: number | null },
) => Promise<SeenCall | null>

/** What an answer calls such a call. */
export const seenName = ({ callNo }: Pick<SeenCall, 'callNo'>): string => `live:${callNo}`

type Db = CallStore['read'] | CallTx['db']

const isoOrNull = (at: number | null) => (at === null ? null : new Date(at).toISOString())

/** A seen call as its record: the least that is known of a call, which counts while nothing else tells of it. */
function rowOf(deps: CallDeps, host: HostFacts, seen: SeenCall) {
  const isCalling = seen.direction === 'outbound'
  const { number, called } = seen
  const row = newRow(deps, seen.tenantId, host, {
    pbx3cx_host_id: host.id,
    source: SEEN,
    direction: seen.direction,
    started_at: isoOrNull(seen.startedAt),
    answered_at: isoOrNull(seen.answeredAt),
    ended_at: isoOrNull(seen.endedAt),
    status: seen.answeredAt === null ? 'missed' : 'answered',
    caller_number: isCalling ? seen.phone : number,
    caller_name: isCalling ? null : seen.callerName,
    called_number: isCalling ? number : called,
    queue: seen.queue,
    agent_extension: seen.phone,
  })
  return { ...row, natural_key: seenName(seen), call_key: callKey(null, seenName(seen)), payload: toJson({}) }
}

const KIND = 'seen_call_over'
type Ending = { host: number; call: string }

/** Calls that were seen, and the stored calls they are or become. */
export type SeenCalls = {
  find: FindSeenCall
  /** The stored call of it; null while there is none. */
  stored(seen: SeenCall): Promise<Selectable<CallsTable> | null>
  /** The id of its stored call, made of what was seen where nothing tells of it yet. Give it the host of `hostOf`. */
  keep(tx: CallTx, actor: Actor, seen: SeenCall, host: HostFacts): Promise<number>
  hostOf(seen: SeenCall): Promise<HostFacts | null>
  /** The call is over: has what became of it told to the record that was made of it, if there is one. */
  over(tx: Tx<never>, seen: Pick<SeenCall, 'tenantId' | 'hostId' | 'callNo'>): Promise<void>
  /** Does that. */
  ending: Handler<Ending>
}

export function openSeenCalls(
  store: CallStore,
  deps: CallDeps & { findSeen: FindSeenCall; work: Pick<Work, 'add'> },
): SeenCalls {
  const recorded = (db: Db, seen: Pick<SeenCall, 'hostId' | 'callNo'>) =>
    db
      .selectFrom('records')
      .selectAll()
      .where('host_id', '=', seen.hostId)
      .where('natural_key', '=', seenName(seen))
      .executeTakeFirst()
  const plan = async (tx: Tx<never>, seen: Pick<SeenCall, 'tenantId' | 'hostId' | 'callNo'>) => {
    const payload: Ending = { host: seen.hostId, call: seenName(seen) }
    const unique = `${seen.hostId} ${payload.call}`
    await deps.work.add(tx, { tenantId: seen.tenantId, kind: KIND, payload, unique, again: true })
  }
  const callByKey = (db: Db, hostId: number, key: string) =>
    db
      .selectFrom('calls')
      .selectAll()
      .where('host_id', '=', hostId)
      .where('call_key', '=', key)
      .executeTakeFirst()

  return {
    find: deps.findSeen,
    hostOf: ({ tenantId, hostId }) => deps.host({ tenantId, hostId: null }, hostId),
    async stored(seen) {
      const host = await this.hostOf(seen)
      if (host === null) return null
      const record = await recorded(store.read, seen)
      const key = record?.call_key ?? (await callOfSeen(store.read, host.id, rowOf(deps, host, seen)))
      return key === null ? null : ((await callByKey(store.read, host.id, key)) ?? null)
    },
    async keep(tx, actor, seen, host) {
      await lockReports(tx, host.id)
      const row = rowOf(deps, host, seen)
      const call_key = (await callOfSeen(tx.db, host.id, row)) ?? row.call_key
      const { token_id } = authorOf(actor)
      const { call_id } = await storeOne(tx, deps, host, { ...row, call_key, token_id })
      // It may have ended since it was read, before there was a record to tell that to.
      if (seen.endedAt === null) await plan(tx as never, seen)
      return call_id
    },
    async over(tx, seen) {
      if (await recorded((tx as unknown as CallTx).db, seen)) await plan(tx, seen)
    },
    ending: {
      kind: KIND,
      attempts: 20,
      async run({ tenantId, payload }) {
        const seen = await deps.findSeen({ tenantId, hostId: null, departments: null }, payload)
        const host = seen && (await deps.host({ tenantId, hostId: null }, seen.hostId))
        if (!seen || !host || seen.endedAt === null) return
        await store.transact(async (tx) => {
          const { answered_at, ended_at, status, agent_extension, queue } = rowOf(deps, host, seen)
          const record = await tx.db
            .updateTable('records')
            .set({ answered_at, ended_at, status, agent_extension, queue, updated_at: deps.clock.now() })
            .where('host_id', '=', seen.hostId)
            .where('natural_key', '=', seenName(seen))
            .returning('call_key')
            .executeTakeFirst()
          if (record) await restitch(tx, deps, [{ tenantId, host, callKey: record.call_key }])
        })
      },
    },
  }
}
