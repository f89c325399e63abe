import type { Page } from '../../../contract/common.ts'
import type { Snapshot } from '../../../contract/pbx-snapshots.ts'
import { fromJson } from '../../platform/database/json.ts'
import { notFound } from '../../platform/errors.ts'
import { isoTime, type FleetDb, type FleetStore } from '../write.ts'
import { unpack, type Configuration } from './content.ts'

/** A snapshot without its content. */
export type SnapshotRow = {
  id: number
  tenant_id: number
  pbx_host_id: number
  content_id: number
  taken_at: number
  unchanged: 0 | 1 | null
  changes: number
  source: string
  sha256: string
  size: number
  version: string | null
  counts: string
  unreadable: string
}

export type HostKey = { tenantId: number; hostId: number }

export function toSnapshot(row: SnapshotRow): Snapshot {
  return {
    id: row.id,
    pbx3cx_host_id: row.pbx_host_id,
    taken_at: isoTime(row.taken_at),
    sha256: row.sha256,
    size: row.size,
    unchanged: row.unchanged === null ? null : row.unchanged === 1,
    changes: row.changes,
    source: row.source,
    version: row.version,
    counts: fromJson<Record<string, number>>(row.counts),
    unreadable: fromJson<Record<string, string>>(row.unreadable),
  }
}

export const snapshotsOf = (db: FleetDb, { tenantId, hostId }: HostKey) =>
  db
    .selectFrom('pbx_snapshots as s')
    .innerJoin('pbx_snapshot_contents as c', (join) =>
      join.onRef('c.tenant_id', '=', 's.tenant_id').onRef('c.id', '=', 's.content_id'),
    )
    .select([
      's.id',
      's.tenant_id',
      's.pbx_host_id',
      's.content_id',
      's.taken_at',
      's.unchanged',
      's.changes',
    ])
    .select(['s.source', 'c.sha256', 'c.size', 'c.version', 'c.counts', 'c.unreadable'])
    .where('s.tenant_id', '=', tenantId)
    .where('s.pbx_host_id', '=', hostId)

/** The newest snapshot, or the newest that began by an instant (ms UTC). */
export async function latest(db: FleetDb, host: HostKey, by?: number): Promise<SnapshotRow | null> {
  let rows = snapshotsOf(db, host)
  if (by !== undefined) rows = rows.where('s.taken_at', '<=', by)
  return (await rows.orderBy('s.id', 'desc').limit(1).executeTakeFirst()) ?? null
}

export async function pageOfSnapshots(
  db: FleetDb,
  host: HostKey,
  { page, perPage }: { page: number; perPage: number },
): Promise<Page<Snapshot>> {
  const { total } = await db
    .selectFrom('pbx_snapshots')
    .select((of) => of.fn.countAll<number>().as('total'))
    .where('tenant_id', '=', host.tenantId)
    .where('pbx_host_id', '=', host.hostId)
    .executeTakeFirstOrThrow()
  const rows = await snapshotsOf(db, host)
    .orderBy('s.id', 'desc')
    .limit(perPage)
    .offset((page - 1) * perPage)
    .execute()
  return {
    data: rows.map(toSnapshot),
    current_page: page,
    last_page: Math.max(1, Math.ceil(Number(total) / perPage)),
    per_page: perPage,
    total: Number(total),
  }
}

/** Contents are never changed: what was unpacked once may be kept by its digest. */
export type Shelf = {
  /** The configuration that a snapshot holds; HubError `not_found` when it was forgotten meanwhile. */
  load(row: Pick<SnapshotRow, 'tenant_id' | 'content_id' | 'sha256' | 'size'>): Promise<Configuration>
}

/** Bytes of canonical text whose unpacked form is kept; unpacked it takes some times as much. */
const MOST_KEPT = 16 << 20

export function openShelf(store: FleetStore): Shelf {
  const kept = new Map<string, { configuration: Configuration; size: number }>()
  let size = 0
  const forgetOldest = () => {
    for (const [name, one] of kept) {
      if (size <= MOST_KEPT || kept.size === 1) return
      kept.delete(name)
      size -= one.size
    }
  }
  return {
    async load(row) {
      const name = `${row.tenant_id} ${row.sha256}`
      const found = kept.get(name)
      if (found) {
        kept.delete(name)
        kept.set(name, found)
        return found.configuration
      }
      const content = await store.read
        .selectFrom('pbx_snapshot_contents')
        .select('packed')
        .where('tenant_id', '=', row.tenant_id)
        .where('id', '=', row.content_id)
        .executeTakeFirst()
      if (!content) throw notFound('Snapshot')
      const configuration = await unpack(content.packed)
      if (!kept.has(name)) {
        kept.set(name, { configuration, size: row.size })
        size += row.size
        forgetOldest()
      }
      return configuration
    },
  }
}
