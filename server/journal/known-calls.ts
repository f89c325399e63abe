import type { Selectable } from 'kysely'
import type { Call } from '../../contract/pbx3cx-calls.ts'
import { isOneOf } from '../platform/database/engine.ts'
import { storable } from '../platform/storable.ts'
import type { About } from './about.ts'
import { isOfDepartments } from './audiences.ts'
import type { CallReach } from './call-filters.ts'
import type { CallsTable } from './call-tables.ts'
import { toCall } from './calls.ts'
import { callKey } from './record-fields.ts'
import type { SeenCall, SeenCalls } from './seen-calls.ts'
import type { JournalStore } from './write.ts'

/** What is known of one call that somebody names. */
export type KnownCall = {
  record: Call | null
  /** As the hub saw it on its PBX, when it was asked for as such. */
  seen: SeenCall | null
  /** The outside number, as it was told; null when it was withheld. */
  number: string | null
  customer_id: number | null
  contact_id: number | null
}

/** Calls as a card looks for them. */
export type KnownCalls = {
  /** By the id at its PBX, `id:` and ours, or `live:` and the hub's number of a live one; null for a call nobody has told of. */
  find(reach: CallReach, asked: { call: string; host: number | null }): Promise<KnownCall | null>
  /** Newest first. */
  recent(reach: CallReach, about: About, limit: number): Promise<Call[]>
}

const OUR_ID = /^id:(\d{1,15})$/

const outsideNumber = (call: Selectable<CallsTable>) =>
  call.direction === 'outbound' ? call.called_number : call.caller_number

export function openKnownCalls(store: JournalStore, seenCalls: SeenCalls): KnownCalls {
  const within = ({ tenantId, hostId, departments }: CallReach) => {
    let rows = store.read.selectFrom('calls').selectAll().where('tenant_id', '=', tenantId)
    if (hostId !== null) rows = rows.where('host_id', '=', hostId)
    return departments === null ? rows : rows.where(isOfDepartments(store, tenantId, departments))
  }

  return {
    async find(reach, { call: asked, host }) {
      const call = storable(asked)
      const ours = OUR_ID.exec(call)?.[1]
      let rows = within(reach)
      if (host !== null) rows = rows.where('host_id', '=', host)
      const keys = [callKey(call, ''), callKey(null, `id:${call}`)]
      const row = await (
        ours === undefined
          ? rows.where(isOneOf(store.engine, 'call_key', keys, 'text'))
          : rows.where('id', '=', Number(ours))
      )
        .orderBy('started_at', 'desc')
        .executeTakeFirst()
      if (row) {
        const { customer_id, contact_id } = row
        return { record: toCall(row), seen: null, number: outsideNumber(row), customer_id, contact_id }
      }
      const seen = await seenCalls.find(reach, { call, host })
      if (seen) {
        const stored = await seenCalls.stored(seen)
        const { number, customerId: customer_id, contactId: contact_id } = seen
        return { record: stored && toCall(stored), seen, number, customer_id, contact_id }
      }
      // What a PBX says of a call names no host and no agent that could be looked up: who sees some calls only is told nothing of it.
      if (reach.hostId !== null || reach.departments !== null) return null
      const event = await store.read
        .selectFrom('pbx_events')
        .select(['number_raw', 'customer_id', 'contact_id'])
        .where('tenant_id', '=', reach.tenantId)
        .where('call', '=', call)
        .orderBy('id', 'desc')
        .executeTakeFirst()
      if (!event) return null
      const { number_raw: number, customer_id, contact_id } = event
      return { record: null, seen: null, number, customer_id, contact_id }
    },

    async recent(reach, { customerIds, contactIds, numberKey }, limit) {
      const asked = [
        ...(customerIds.length > 0
          ? [within(reach).where(isOneOf(store.engine, 'customer_id', customerIds, 'bigint'))]
          : []),
        ...(contactIds.length > 0
          ? [within(reach).where(isOneOf(store.engine, 'contact_id', contactIds, 'bigint'))]
          : []),
        ...(numberKey === null
          ? []
          : [
              within(reach).where('caller_key', '=', numberKey),
              within(reach).where('called_key', '=', numberKey),
            ]),
      ]
      const found = await Promise.all(
        asked.map((rows) => rows.orderBy('started_at', 'desc').limit(limit).execute()),
      )
      const byId = new Map(found.flat().map((row) => [row.id, row]))
      return [...byId.values()]
        .toSorted((one, other) => other.started_at - one.started_at || other.id - one.id)
        .slice(0, limit)
        .map(toCall)
    },
  }
}
