import type { Generated } from 'kysely'
import type { Tx } from './database/store.ts'
import { toJson } from './database/json.ts'

export type AuditTable = {
  id: Generated<number>
  at: number
  tenant_id: number
  actor_kind: string
  actor_id: number | null
  actor_name: string
  action: string
  entity: string
  entity_id: number | null
  before: string | null
  after: string | null
  request_id: string | null
  address: string | null
}
export type AuditTables = { audit: AuditTable }

/** Who acts: a token, a user who signed in, whoever has a link, or the hub itself. `tenantId` is the tenant acted in. */
export type Actor = {
  kind: 'token' | 'user' | 'link' | 'system'
  id: number | null
  name: string
  tenantId: number
  requestId: string | null
  address: string | null
}

export type Act = {
  action:
    | 'create'
    | 'update'
    | 'delete'
    | 'import'
    | 'revoke'
    | 'merge'
    | 'erase'
    | 'renormalise'
    | 'backup'
    | 'move'
    | 'reveal'
    | 'test'
    | 'call'
    | 'redrive'
    | 'sign_in'
    | 'sign_in_failed'
  entity: string
  entityId: number | null
  before?: unknown
  after?: unknown
}

/** Writes who did what, in the transaction of the act: either both are there or neither. */
export async function recordAudit<Tables extends AuditTables>(
  tx: Tx<Tables>,
  actor: Actor,
  act: Act,
): Promise<void> {
  const { db } = tx as unknown as Tx<AuditTables>
  await db.insertInto('audit').values(rowOf(actor, act)).execute()
}

/**
 * As `recordAudit`, for one act that takes many transactions: each brings the one record up to date (`id`, null at the
 * first), so that it tells exactly what is durable. Answers the record's id.
 */
export async function recordProgress<Tables extends AuditTables>(
  tx: Tx<Tables>,
  actor: Actor,
  act: Act,
  id: number | null,
): Promise<number> {
  const { db } = tx as unknown as Tx<AuditTables>
  const row = rowOf(actor, act)
  if (id !== null) {
    const { after } = row
    await db.updateTable('audit').set({ after }).where('id', '=', id).execute()
    return id
  }
  const made = await db.insertInto('audit').values(row).returning('id').executeTakeFirstOrThrow()
  return made.id
}

function rowOf(actor: Actor, act: Act) {
  return {
    at: Date.now(),
    tenant_id: actor.tenantId,
    actor_kind: actor.kind,
    actor_id: actor.id,
    actor_name: actor.name,
    action: act.action,
    entity: act.entity,
    entity_id: act.entityId,
    before: act.before === undefined ? null : toJson(act.before),
    after: act.after === undefined ? null : toJson(act.after),
    request_id: actor.requestId,
    address: actor.address,
  }
}
