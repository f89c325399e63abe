import type { Snapshot } from '../../../contract/pbx-snapshots.ts'
import type { XapiClient } from '../../../xapi/xapi.ts'
import { recordAudit, type Actor } from '../../platform/audit.ts'
import type { Committed } from '../../platform/committed.ts'
import { toJson, type Flag } from '../../platform/database/json.ts'
import { HubError } from '../../platform/errors.ts'
import { insertChanges, type ChangeAudit } from '../change-audits.ts'
import { lockHost } from '../hosts.ts'
import { write, type FleetDeps, type FleetStore, type FleetTx } from '../write.ts'
import { asPbxError } from '../xapi-errors.ts'
import type { XapiSessions } from '../xapi-sessions.ts'
import { notAudited } from './already-audited.ts'
import { authorsOf, type Author } from './authors.ts'
import { pack, type Configuration, type Content } from './content.ts'
import type { Change } from './diff.ts'
import { readConfiguration } from './reading.ts'
import { latest, toSnapshot, type HostKey, type Shelf, type SnapshotRow } from './shelf.ts'
import { changesSince } from './since.ts'

export type Source = 'schedule' | 'demand'

export type TakeOptions = { hostId: number; source: Source; signal?: AbortSignal }

/** Reads a PBX and stores what was read; each change since the last snapshot becomes an audit of the host. */
export type Take = (actor: Actor, options: TakeOptions) => Promise<Committed<Snapshot>>

/** Somebody else stored a snapshot of the host while this one was read. */
class Overtaken extends Error {}

const MOST_TRIES = 5

/** `count`: of all changes; `changes`: of those that no audit tells of yet. */
export type Findings = { count: number; changes: Change[]; authors: Author[] }

export function openTaking(store: FleetStore, { clock }: FleetDeps, xapi: XapiSessions, shelf: Shelf): Take {
  const read = async (actor: Actor, { hostId, signal }: TakeOptions) => {
    const pbx = await xapi.open({ tenantId: actor.tenantId, hostId: null }, hostId)
    try {
      return { pbx, configuration: await readConfiguration(pbx, signal) }
    } catch (error) {
      throw asPbxError(error)
    }
  }
  const findings = async (
    before: SnapshotRow | null,
    configuration: Configuration,
    content: Content,
    pbx: XapiClient,
    signal: AbortSignal | undefined,
  ): Promise<Findings> => {
    if (before === null || before.sha256 === content.sha256) return { count: 0, changes: [], authors: [] }
    const found = await changesSince(store, shelf, before, configuration)
    const host: HostKey = { tenantId: before.tenant_id, hostId: before.pbx_host_id }
    const changes = await notAudited(store, host, found, before.taken_at)
    return { count: found.length, changes, authors: await authorsOf(pbx, changes, before.taken_at, signal) }
  }

  return async (actor, options) => {
    const host: HostKey = { tenantId: actor.tenantId, hostId: options.hostId }
    const takenAt = clock.now()
    const { pbx, configuration } = await read(actor, options)
    const content = await pack(configuration)
    for (let tries = 1; ; tries++) {
      const before = await latest(store.read, host)
      // Read later than this one began, it is as new, and to go behind it would tell its changes backwards.
      if (before !== null && before.taken_at > takenAt) return { value: toSnapshot(before), position: null }
      const found = await findings(before, configuration, content, pbx, options.signal)
      try {
        return await write(store, (tx) =>
          keep(tx, {
            actor,
            host,
            takenAt,
            content,
            configuration,
            before,
            found,
            source: options.source,
            now: clock.now(),
          }),
        )
      } catch (error) {
        if (!(error instanceof Overtaken)) throw error
        if (tries === MOST_TRIES)
          throw new HubError('conflict', 'Others keep reading this PBX: try again later.', { cause: error })
      }
    }
  }
}

type Keeping = {
  actor: Actor
  host: HostKey
  takenAt: number
  content: Content
  configuration: Configuration
  before: SnapshotRow | null
  found: Findings
  source: Source
  now: number
}

async function keep(tx: FleetTx, keeping: Keeping): Promise<Snapshot> {
  const { actor, host, takenAt, content, configuration, before, found, source, now } = keeping
  const { tenantId: tenant_id, hostId: pbx_host_id } = host
  await lockHost(tx, tenant_id, pbx_host_id)
  const last = await latest(tx.db, host)
  if ((last?.id ?? null) !== (before?.id ?? null)) throw new Overtaken('another snapshot was stored first')
  const columns = {
    version: configuration.version,
    counts: toJson(countsOf(configuration)),
    unreadable: toJson(configuration.unreadable),
  }
  const content_id = await contentId(tx, host, content, columns)
  const unchanged: Flag | null = last === null ? null : last.sha256 === content.sha256 ? 1 : 0
  const row = { tenant_id, pbx_host_id, content_id, taken_at: takenAt, unchanged, source }
  const { id } = await tx.db
    .insertInto('pbx_snapshots')
    .values({ ...row, changes: found.count, created_at: now })
    .returning('id')
    .executeTakeFirstOrThrow()
  await insertChanges(
    tx,
    host,
    found.changes.map((change, index) => auditOf(change, found.authors[index], takenAt)),
    now,
  )
  await noteTry(tx, host, takenAt, null)
  const snapshot = toSnapshot({
    ...row,
    id,
    changes: found.count,
    sha256: content.sha256,
    size: content.size,
    ...columns,
  })
  const { sha256, changes } = snapshot
  await recordAudit(tx, actor, {
    action: 'create',
    entity: 'pbx_snapshot',
    entityId: id,
    after: { pbx3cx_host_id: pbx_host_id, sha256, changes },
  })
  return snapshot
}

async function contentId(
  tx: FleetTx,
  { tenantId, hostId }: HostKey,
  { sha256, packed, size }: Content,
  columns: { version: string | null; counts: string; unreadable: string },
): Promise<number> {
  const there = await tx.db
    .selectFrom('pbx_snapshot_contents')
    .select('id')
    .where('tenant_id', '=', tenantId)
    .where('pbx_host_id', '=', hostId)
    .where('sha256', '=', sha256)
    .executeTakeFirst()
  if (there) return there.id
  const made = await tx.db
    .insertInto('pbx_snapshot_contents')
    .values({ tenant_id: tenantId, pbx_host_id: hostId, sha256, packed, size, ...columns })
    .returning('id')
    .executeTakeFirstOrThrow()
  return made.id
}

/** Notes when a host was last read, and why that failed. */
export async function noteTry(
  { db }: FleetTx,
  { tenantId, hostId }: HostKey,
  triedAt: number,
  failure: string | null,
): Promise<void> {
  const tried = { tried_at: triedAt, failure }
  await db
    .insertInto('pbx_snapshot_tries')
    .values({ pbx_host_id: hostId, tenant_id: tenantId, ...tried })
    .onConflict((conflict) => conflict.column('pbx_host_id').doUpdateSet(tried))
    .execute()
}

const countsOf = ({ resources }: Configuration): Record<string, number> =>
  Object.fromEntries(Object.entries(resources).map(([name, rows]) => [name, rows.length]))

function auditOf(change: Change, author: Author | undefined, takenAt: number): ChangeAudit {
  const { kind, object, fields } = change
  const values = (side: 'before' | 'after') =>
    Object.fromEntries(fields.map((field) => [field.path, field[side]]))
  const isWhole = kind === 'added' || kind === 'removed'
  return {
    object,
    comment: kind,
    before: isWhole ? change.before : values('before'),
    after: isWhole ? change.after : values('after'),
    happenedAt: author?.at ?? takenAt,
    who: author?.who ?? null,
  }
}
