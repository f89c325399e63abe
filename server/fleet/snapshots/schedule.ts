import { sql } from 'kysely'
import type { Actor } from '../../platform/audit.ts'
import type { Log } from '../../platform/log.ts'
import type { Work } from '../../platform/work/work.ts'
import type { FleetDeps, FleetStore } from '../write.ts'
import { noteTry, type Take } from './taking.ts'

const LOOK_EVERY_MS = 5 * 60_000
const MINUTE_MS = 60_000
/** A PBX that could not be read is tried again after this, or after its own time when that is shorter. */
const AGAIN_MS = 60 * MINUTE_MS
const MOST_AT_ONCE = 500

type Due = { tenant_id: number; id: number }

/** Hosts that are to be read (`only`: whether that one is): active ones with an API client, whose time has come. */
function dueHosts(store: FleetStore, now: number, only: number | null = null): Promise<Due[]> {
  const every = sql<number>`h.snapshots_frequency * ${sql.lit(MINUTE_MS)}`
  const pause = sql<number>`case when t.failure is not null and ${every} > ${sql.lit(AGAIN_MS)}
    then ${sql.lit(AGAIN_MS)} else ${every} end`
  const hosts = store.read
    .selectFrom('pbx_hosts as h')
    .leftJoin('pbx_snapshot_tries as t', 't.pbx_host_id', 'h.id')
    .select(['h.tenant_id', 'h.id'])
    .where('h.active', '=', 1)
    .where('h.fetch_snapshots', '=', 1)
    .where('h.xapi_client_id', 'is not', null)
    .where('h.xapi_client_secret', 'is not', null)
    .where((is) =>
      is.or([is('t.tried_at', 'is', null), sql<boolean>`t.tried_at + ${pause} <= ${sql.val(now)}`]),
    )
    .orderBy('t.tried_at')
    .limit(MOST_AT_ONCE)
  return (only === null ? hosts : hosts.where('h.id', '=', only)).execute()
}

const asHub = (tenantId: number): Actor => ({
  kind: 'system',
  id: null,
  name: 'cordboard',
  tenantId,
  requestId: null,
  address: null,
})

/** Reads every PBX as often as its host says, once for all hubs together. */
export function planSnapshots(
  work: Work,
  { store, clock, log, take }: Pick<FleetDeps, 'clock'> & { store: FleetStore; log: Log; take: Take },
): void {
  work.plan({
    kind: 'pbx_snapshots',
    schedule: { everyMs: LOOK_EVERY_MS },
    async run() {
      const due = await dueHosts(store, clock.now())
      if (due.length === 0) return
      await store.transact(async (tx) => {
        for (const { tenant_id, id } of due)
          await work.add(tx as never, {
            tenantId: tenant_id,
            kind: 'pbx_snapshot',
            payload: { host: id },
            unique: String(id),
            again: true,
          })
      })
    },
  })
  work.handle<{ host: number }>({
    kind: 'pbx_snapshot',
    attempts: 3,
    async run({ tenantId, payload, signal }) {
      const host = { tenantId, hostId: payload.host }
      // Asked for again while it was being read, it has just been read; it may also be switched off by now.
      if ((await dueHosts(store, clock.now(), payload.host)).length === 0) return
      try {
        await take(asHub(tenantId), { hostId: payload.host, source: 'schedule', signal })
      } catch (error) {
        if (signal.aborted) throw error
        const failure = error instanceof Error ? error.message : String(error)
        log.warn('the configuration of a PBX could not be read', { pbx_host: payload.host, error: failure })
        await store.transact(async (tx) => {
          const there = await tx.db
            .selectFrom('pbx_hosts')
            .select('id')
            .where('tenant_id', '=', tenantId)
            .where('id', '=', payload.host)
            .executeTakeFirst()
          if (there) await noteTry(tx, host, clock.now(), failure)
        })
      }
    },
  })
}
