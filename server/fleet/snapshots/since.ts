import { fromJson } from '../../platform/database/json.ts'
import type { FleetStore } from '../write.ts'
import type { Configuration } from './content.ts'
import { diff, type Change } from './diff.ts'
import { snapshotsOf, type HostKey, type Shelf, type SnapshotRow } from './shelf.ts'

/** Snapshots looked through for one that could read what the last one could not. */
const MOST_LOOKED_AT = 1_000

/**
 * What has changed since the last snapshot. What that one could not read is compared with the last one that could, so
 * that a change meanwhile is told, and told once.
 */
export async function changesSince(
  store: FleetStore,
  shelf: Shelf,
  before: SnapshotRow,
  now: Configuration,
): Promise<Change[]> {
  const { changes } = diff(await shelf.load(before), now)
  const missing = Object.keys(fromJson<Record<string, string>>(before.unreadable)).filter(
    (name) => now.unreadable[name] === undefined,
  )
  if (missing.length === 0) return changes
  const host: HostKey = { tenantId: before.tenant_id, hostId: before.pbx_host_id }
  const earlier = await snapshotsOf(store.read, host)
    .where('s.id', '<', before.id)
    .orderBy('s.id', 'desc')
    .limit(MOST_LOOKED_AT)
    .execute()
  const bySnapshot = new Map<SnapshotRow, string[]>()
  for (const name of missing) {
    const [kind = name] = name.startsWith('settings.') ? [name] : name.split('.')
    const found = earlier.find((row) => {
      const unreadable = fromJson<Record<string, string>>(row.unreadable)
      return unreadable[name] === undefined && unreadable[kind] === undefined
    })
    if (found) bySnapshot.set(found, [...(bySnapshot.get(found) ?? []), name])
  }
  for (const [row, names] of bySnapshot) {
    const older = diff(await shelf.load(row), now).changes
    changes.push(...names.flatMap((name) => only(name, older)))
  }
  return changes
}

/** The changes of a kind, or of one field of it. */
function only(name: string, changes: readonly Change[]): Change[] {
  const ofKind = changes.filter(({ resource }) => resource === name)
  if (ofKind.length > 0 || name.startsWith('settings.') || !name.includes('.')) return ofKind
  const [kind, field = ''] = name.split('.')
  const isOf = (path: string) =>
    path === field || path.startsWith(`${field}.`) || path.startsWith(`${field}[`)
  return changes
    .filter((change) => change.resource === kind && change.kind === 'changed')
    .map((change) => ({ ...change, fields: change.fields.filter(({ path }) => isOf(path)) }))
    .filter(({ fields }) => fields.length > 0)
}
