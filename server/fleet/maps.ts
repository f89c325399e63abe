import type { Selectable } from 'kysely'
import type { BuiltMap } from '../../contract/pbx3cx-hosts.ts'
import { recordAudit, type Actor } from '../platform/audit.ts'
import type { Committed } from '../platform/committed.ts'
import { toJson } from '../platform/database/json.ts'
import type { Store } from '../platform/database/store.ts'
import { HubError } from '../platform/errors.ts'
import type { XapiClient } from '../../xapi/xapi.ts'
import { GiveUp, type Handler, type Work, type WorkTables } from '../platform/work/work.ts'
import { writeDepartments } from './departments.ts'
import { lockHost, readHost } from './hosts.ts'
import { readPbxMap, type PbxMap } from './pbx-map.ts'
import type { PbxHostsTable } from './tables.ts'
import { isoTime, stampAfter, write, type FleetDeps, type FleetStore, type Reach } from './write.ts'
import { inTime, unlessLate } from './xapi-deadline.ts'
import { isPassing } from './xapi-errors.ts'
import type { XapiSessions } from './xapi-sessions.ts'

type Row = Selectable<PbxHostsTable>

/** Maps of PBXs: what has which number and belongs to which department. */
export type Maps = {
  /**
   * Builds a host's map from the PBX. HubError `conflict` for a map that was given by hand: it stays. Else what
   * `XapiSessions.open` throws, and `pbx_…`.
   */
  build(actor: Actor, reach: Reach, id: number): Promise<Committed<BuiltMap>>
  /** The same with a client that is there already; null for a map that was given by hand. */
  buildWith(actor: Actor, row: Row, pbx: XapiClient, ms: number): Promise<BuiltMap | null>
  /** Builds the maps of all hosts that have none or an old one, as tasks. */
  plan(work: Work): void
}

const PATIENCE_MS = 30_000
const OLD_AFTER_MS = 24 * 3_600_000
const LOOK_EVERY_MS = 3_600_000
const TASK = 'pbx_map'
type MapTask = { host_id: number }

const isByHand = ({ pbx_map, pbx_map_built_at }: Row) => pbx_map !== null && pbx_map_built_at === null
const byHand = () =>
  new HubError(
    'conflict',
    'The map of this host was given by hand and stays. Clear pbx_map to have it built.',
  )

const countsOf = (map: PbxMap) => ({
  departments: map.departments.length,
  extensions: map.extensions.length,
  queues: map.queues.length,
  ring_groups: map.ring_groups.length,
  ivrs: map.ivrs.length,
  not_read: map.not_read,
})

export function openMaps(
  store: FleetStore,
  { clock, onExtensions }: Pick<FleetDeps, 'clock' | 'onExtensions'>,
  sessions: XapiSessions,
): Maps {
  const keep = (actor: Actor, id: number, map: PbxMap): Promise<Committed<BuiltMap | null>> =>
    write(store, async (tx) => {
      const row = await lockHost(tx, actor.tenantId, id)
      if (isByHand(row)) return null
      const now = clock.now()
      const pbx_map = toJson(map)
      const stamps = { pbx_map_built_at: now, pbx_map_tried_at: now, updated_at: stampAfter(row, clock) }
      await tx.db
        .updateTable('pbx_hosts')
        .set({ pbx_map, ...stamps })
        .where('id', '=', id)
        .execute()
      const counts = countsOf(map)
      if (pbx_map !== row.pbx_map) {
        await writeDepartments(tx, row, pbx_map)
        const after = { pbx_map: counts }
        await recordAudit(tx, actor, { action: 'update', entity: 'pbx_host', entityId: id, after })
      }
      const numbers = map.extensions.map(({ number }) => number)
      await onExtensions(tx as never, { tenantId: actor.tenantId, hostId: id }, numbers)
      tx.changed(actor.tenantId, 'pbx_host', id)
      return { id, built_at: isoTime(now), ...counts }
    })

  const read = (pbx: XapiClient, ms = PATIENCE_MS) =>
    inTime('pbx_map', ms, (signal) => unlessLate(readPbxMap(pbx, { signal }), signal))

  const build: Maps['build'] = async (actor, reach, id) => {
    if (isByHand(await readHost(store, reach, id))) throw byHand()
    const { value, position } = await keep(actor, id, await read(await sessions.open(reach, id)))
    if (value === null) throw byHand()
    return { value, position }
  }

  const dueHosts = (now: number) =>
    store.read
      .selectFrom('pbx_hosts')
      .select(['id', 'tenant_id'])
      .where('active', '=', 1)
      .where('xapi_client_id', 'is not', null)
      .where('xapi_client_secret', 'is not', null)
      .where((is) => is.or([is('pbx_map', 'is', null), is('pbx_map_built_at', 'is not', null)]))
      .where((is) =>
        is.or([is('pbx_map_tried_at', 'is', null), is('pbx_map_tried_at', '<=', now - OLD_AFTER_MS)]),
      )
      .execute()

  return {
    build,
    async buildWith(actor, row, pbx, ms) {
      if (isByHand(row)) return null
      return (await keep(actor, row.id, await read(pbx, ms))).value
    },
    plan(work) {
      const handler: Handler<MapTask> = {
        kind: TASK,
        attempts: 3,
        async run({ payload: { host_id: id }, tenantId }) {
          await store.write
            .updateTable('pbx_hosts')
            .set({ pbx_map_tried_at: clock.now() })
            .where('tenant_id', '=', tenantId)
            .where('id', '=', id)
            .execute()
          const actor = {
            kind: 'system',
            id: null,
            name: 'pbx map',
            tenantId,
            requestId: null,
            address: null,
          } as const
          try {
            await build(actor, { tenantId, hostId: null }, id)
          } catch (error) {
            if (error instanceof HubError && !isPassing(error)) throw new GiveUp(error.message)
            throw error
          }
        },
      }
      work.handle(handler)
      work.plan({
        kind: 'pbx_maps',
        schedule: { everyMs: LOOK_EVERY_MS },
        async run() {
          for (const { id, tenant_id: tenantId } of await dueHosts(clock.now()))
            await (store as unknown as Store<WorkTables>).transact((tx) =>
              work.add(tx as never, {
                tenantId,
                kind: TASK,
                payload: { host_id: id },
                unique: `host ${id}`,
                again: true,
              }),
            )
        },
      })
    },
  }
}
