import type { Selectable } from 'kysely'
import type { Page } from '../../contract/common.ts'
import type { Session } from '../../contract/sessions.ts'
import { recordAudit, type Actor } from '../platform/audit.ts'
import type { Clock } from '../platform/clock.ts'
import type { Committed } from '../platform/committed.ts'
import { held } from '../platform/database/claiming.ts'
import { isOneOf } from '../platform/database/engine.ts'
import type { Store, Tx } from '../platform/database/store.ts'
import { notFound } from '../platform/errors.ts'
import { unconditional, type Condition } from '../platform/etag.ts'
import { readListRequest, readPage } from '../platform/listing.ts'
import type { PruneOne } from '../platform/retention.ts'
import type { AccessTables, SessionsTable } from './tables.ts'
import { isoOrNull } from './user-shape.ts'

/** Whose sessions somebody may see and end: one's own (`userId`), and as an admin those of a tenant's users. */
export type Reach = { tenantId: number | null; userId: number | null; currentId: number | null }

export type Sessions = {
  list(reach: Reach, query: Record<string, unknown>): Promise<Page<Session>>
  get(reach: Reach, id: number): Promise<Session>
  /** Ends it everywhere; one that has ended stays as it is. */
  revoke(actor: Actor, reach: Reach, id: number, condition?: Condition): Promise<Committed<Session>>
}

const COLUMNS = { id: 'id', created_at: 'created_at', expires_at: 'expires_at' }

/** Ends a user's sessions but one; answers how many. The caller tells the feed. */
export async function endSessions(
  { db }: Tx<AccessTables>,
  userId: number,
  butId: number | null,
  now: number,
): Promise<number> {
  const ended = await db
    .updateTable('sessions')
    .set({ revoked_at: now })
    .where('user_id', '=', userId)
    .where('id', '!=', butId ?? 0)
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  return Number(ended.numUpdatedRows)
}

export function openSessions(store: Store<AccessTables>, clock: Clock): Sessions {
  const toSession = (row: Selectable<SessionsTable>, currentId: number | null): Session => ({
    id: row.id,
    user_id: row.user_id,
    kind: row.kind,
    address: row.address,
    current: row.id === currentId,
    idle_until: new Date(row.idle_until).toISOString(),
    expires_at: new Date(row.expires_at).toISOString(),
    revoked_at: isoOrNull(row.revoked_at),
    created_at: new Date(row.created_at).toISOString(),
  })
  const within = ({ tenantId, userId }: Reach) =>
    store.read
      .selectFrom('sessions')
      .selectAll()
      .where((is) => is.or([is('tenant_id', '=', tenantId ?? 0), is('user_id', '=', userId ?? 0)]))

  return {
    list(reach, query) {
      const request = readListRequest(query, { sort: Object.keys(COLUMNS), filters: ['user_id'] })
      const { user_id } = request.filters
      const rows =
        user_id === undefined ? within(reach) : within(reach).where('user_id', '=', Number(user_id) || 0)
      return readPage(rows, request, COLUMNS, (found) => found.map((row) => toSession(row, reach.currentId)))
    },
    async get(reach, id) {
      const row = await within(reach).where('id', '=', id).executeTakeFirst()
      if (!row) throw notFound('Session')
      return toSession(row, reach.currentId)
    },
    revoke(actor, reach, id, condition = unconditional) {
      return store.transact(async (tx) => {
        const rows = tx.db.selectFrom('sessions').selectAll().where('id', '=', id)
        const row = await held(tx.engine, rows).executeTakeFirst()
        const isWithin = row?.tenant_id === reach.tenantId || row?.user_id === reach.userId
        if (!row || !isWithin) throw notFound('Session')
        condition(toSession(row, reach.currentId))
        const revoked_at = row.revoked_at ?? clock.now()
        await tx.db.updateTable('sessions').set({ revoked_at }).where('id', '=', id).execute()
        const after = toSession({ ...row, revoked_at }, reach.currentId)
        await recordAudit(tx, actor, { action: 'revoke', entity: 'session', entityId: id, after })
        tx.changed(row.tenant_id, 'user', row.user_id)
        return after
      })
    },
  }
}

/** Sessions that ended long ago. */
export function pruneSessions(store: Store<AccessTables>): PruneOne {
  return async (olderThan, limit) => {
    const ended = await store.read
      .selectFrom('sessions')
      .select('id')
      .where((is) =>
        is.or([
          is('expires_at', '<', olderThan),
          is('idle_until', '<', olderThan),
          is('revoked_at', '<', olderThan),
        ]),
      )
      .limit(limit)
      .execute()
    const ids = ended.map((row) => row.id)
    if (ids.length > 0)
      await store.transact(({ db, engine }) =>
        db
          .deleteFrom('sessions')
          .where(isOneOf(engine, 'id', ids, 'bigint'))
          .execute(),
      )
    return ids.length
  }
}
