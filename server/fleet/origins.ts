import type { Origin } from '../../contract/origins.ts'
import { isOneOf } from '../platform/database/engine.ts'
import { toFlag } from '../platform/database/json.ts'
import { HubError } from '../platform/errors.ts'
import { hostIdOf, lockHost } from './hosts.ts'
import { readOrigins, type FoundOrigin } from './read-origins.ts'
import { write, type FleetDeps, type FleetStore, type FleetTx, type Reach } from './write.ts'
import { inTime, unlessLate } from './xapi-deadline.ts'
import type { XapiSessions } from './xapi-sessions.ts'

/** `ageMs`: since it was read. `stale`: why it could not be read anew, in words; null = it is recent. */
export type OriginsRead = { origins: Origin[]; ageMs: number; stale: string | null }

export type Origins = {
  /**
   * Where calls can enter or leave a host, by its id or `code`: what was read in the last minute, else as the PBX tells
   * now, else as it told last. HubError `not_found`; `pbx_…` when it was never read and cannot be.
   */
  list(reach: Reach, host: string): Promise<OriginsRead>
}

const FRESH_MS = 60_000
const PATIENCE_MS = 8_000
const AT_ONCE = 500

const keyOf = ({ type, key }: Pick<FoundOrigin, 'type' | 'key'>) => `${type} ${key}`

export function openOrigins(
  store: FleetStore,
  { clock }: Pick<FleetDeps, 'clock'>,
  sessions: XapiSessions,
): Origins {
  /** Host → the reading that is under way, for everybody who asks meanwhile. */
  const reading = new Map<number, Promise<void>>()

  const kept = async (hostId: number): Promise<{ origins: Origin[]; readAt: number } | null> => {
    const read = await store.read
      .selectFrom('pbx_origin_reads')
      .select('read_at')
      .where('host_id', '=', hostId)
      .executeTakeFirst()
    if (!read) return null
    const rows = await store.read
      .selectFrom('pbx_origins')
      .selectAll()
      .where('host_id', '=', hostId)
      .where('listed', '=', 1)
      .orderBy('id')
      .execute()
    const origins = rows.map(({ id, kind, number, name, trunk, active }) => {
      return { id, type: kind as Origin['type'], number, name, trunk, active: active === 1 }
    })
    return { origins, readAt: read.read_at }
  }

  const keep = (tenantId: number, hostId: number, found: FoundOrigin[]) =>
    write(store, async (tx) => {
      await lockHost(tx, tenantId, hostId)
      await writeOrigins(tx, { tenantId, hostId }, found)
      const read_at = clock.now()
      await tx.db
        .insertInto('pbx_origin_reads')
        .values({ host_id: hostId, tenant_id: tenantId, read_at })
        .onConflict((row) => row.column('host_id').doUpdateSet({ read_at }))
        .execute()
    })

  const read = async (reach: Reach, hostId: number) => {
    const pbx = await sessions.open(reach, hostId)
    const found = await inTime('origins', PATIENCE_MS, (signal) =>
      unlessLate(readOrigins(pbx, signal), signal),
    )
    await keep(reach.tenantId, hostId, found)
  }
  const readOnce = (reach: Reach, hostId: number): Promise<void> => {
    const underWay = reading.get(hostId)
    if (underWay) return underWay
    const begun = read(reach, hostId).finally(() => reading.delete(hostId))
    reading.set(hostId, begun)
    return begun
  }

  return {
    async list(reach, host) {
      const hostId = await hostIdOf(store, reach, host)
      const before = await kept(hostId)
      const ageOf = ({ readAt }: { readAt: number }) => Math.max(0, clock.now() - readAt)
      if (before && ageOf(before) < FRESH_MS)
        return { origins: before.origins, ageMs: ageOf(before), stale: null }
      try {
        await readOnce(reach, hostId)
      } catch (error) {
        if (!before || !(error instanceof HubError)) throw error
        return { origins: before.origins, ageMs: ageOf(before), stale: error.message }
      }
      const after = await kept(hostId)
      return { origins: after?.origins ?? [], ageMs: after ? ageOf(after) : 0, stale: null }
    },
  }
}

/** Those that are gone stay, unlisted: one that comes back is known by its id. */
async function writeOrigins(
  { db, engine }: FleetTx,
  { tenantId, hostId }: { tenantId: number; hostId: number },
  found: FoundOrigin[],
): Promise<void> {
  const rows = await db.selectFrom('pbx_origins').selectAll().where('host_id', '=', hostId).execute()
  const there = new Map(rows.map((row) => [`${row.kind} ${row.origin_key}`, row]))
  const fresh: FoundOrigin[] = []
  for (const one of new Map(found.map((origin) => [keyOf(origin), origin])).values()) {
    const row = there.get(keyOf(one))
    there.delete(keyOf(one))
    if (!row) {
      fresh.push(one)
      continue
    }
    const { number, name, trunk } = one
    const columns = { number, name, trunk, active: toFlag(one.active), listed: toFlag(true) }
    const isSame = Object.entries(columns).every(
      ([column, value]) => row[column as keyof typeof row] === value,
    )
    if (!isSame) await db.updateTable('pbx_origins').set(columns).where('id', '=', row.id).execute()
  }
  for (let at = 0; at < fresh.length; at += AT_ONCE)
    await db
      .insertInto('pbx_origins')
      .values(
        fresh.slice(at, at + AT_ONCE).map(({ type, key, active, ...told }) => ({
          ...told,
          tenant_id: tenantId,
          host_id: hostId,
          kind: type,
          origin_key: key,
          active: toFlag(active),
          listed: toFlag(true),
        })),
      )
      .execute()
  const gone = [...there.values()].filter((row) => row.listed === 1).map((row) => row.id)
  if (gone.length > 0)
    await db
      .updateTable('pbx_origins')
      .set({ listed: toFlag(false) })
      .where(isOneOf(engine, 'id', gone, 'bigint'))
      .execute()
}
