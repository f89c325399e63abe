import type { Selectable } from 'kysely'
import type { Page } from '../../contract/common.ts'
import type { Tenant, TenantInput, TenantPatch } from '../../contract/tenants.ts'
import { recordAudit, type Actor } from '../platform/audit.ts'
import type { Clock } from '../platform/clock.ts'
import { toFlag } from '../platform/database/json.ts'
import type { Store, Tx } from '../platform/database/store.ts'
import type { Committed } from '../platform/committed.ts'
import { unconditional, type Condition } from '../platform/etag.ts'
import { HubError, invalid, notFound } from '../platform/errors.ts'
import { readListRequest, readPage } from '../platform/listing.ts'
import type { AccessTables, TenantsTable } from './tables.ts'
import { isCountry, isTimeZone, zoneOf } from './zones.ts'

export type Tenants = {
  list(parentId: number, query: Record<string, unknown>): Promise<Page<Tenant>>
  get(parentId: number, id: number): Promise<Tenant>
  create(actor: Actor, input: TenantInput): Promise<Committed<Tenant>>
  update(actor: Actor, id: number, patch: TenantPatch, condition?: Condition): Promise<Committed<Tenant>>
  /** Names the country of a tenant that has none yet, inside the write that needs it. */
  nameCountry(tx: Tx<never>, tenantId: number, country: string): Promise<void>
}

type Row = Selectable<TenantsTable>
const COLUMNS = { id: 'id', name: 'name', created_at: 'created_at' }

function check(input: TenantPatch): void {
  if (input.country && !isCountry(input.country)) {
    throw invalid({ country: [`${input.country} is not a country with a telephone numbering plan.`] })
  }
  if (input.time_zone && !isTimeZone(input.time_zone)) {
    throw invalid({ time_zone: [`${input.time_zone} is not a time zone; write it like Europe/Paris.`] })
  }
}

function toColumns(input: TenantPatch): Partial<Row> {
  const columns: Partial<Row> = {}
  if (input.name !== undefined) columns.name = input.name
  if (input.country !== undefined) columns.country = input.country
  if (input.time_zone !== undefined) columns.time_zone = input.time_zone
  if (input.match_tail !== undefined) columns.match_tail = toFlag(input.match_tail)
  if (input.match_switchboard !== undefined) columns.match_switchboard = toFlag(input.match_switchboard)
  if (input.active !== undefined) columns.active = toFlag(input.active)
  return columns
}

/** Tenants as their parent, or they themselves, see them. `parentId` below is the tenant that asks. */
export function openTenants(store: Store<AccessTables>, clock: Clock, defaultZone: string | null): Tenants {
  const toTenant = (row: Row): Tenant => ({
    id: row.id,
    parent_id: row.parent_id,
    name: row.name,
    country: row.country,
    time_zone: row.time_zone,
    effective_time_zone: zoneOf(row.time_zone, row.country, defaultZone),
    match_tail: row.match_tail === 1,
    match_switchboard: row.match_switchboard === 1,
    active: row.active === 1,
    created_at: new Date(row.created_at).toISOString(),
    updated_at: new Date(row.updated_at).toISOString(),
  })

  const visible = (parentId: number) =>
    store.read
      .selectFrom('tenants')
      .selectAll()
      .where((is) => is.or([is('id', '=', parentId), is('parent_id', '=', parentId)]))

  return {
    async list(parentId, query) {
      const request = readListRequest(query, { sort: Object.keys(COLUMNS), filters: ['name'] })
      const { name } = request.filters
      const rows = name === undefined ? visible(parentId) : visible(parentId).where('name', '=', name)
      return readPage(rows, request, COLUMNS, (found) => found.map(toTenant))
    },
    async get(parentId, id) {
      const row = await visible(parentId).where('id', '=', id).executeTakeFirst()
      if (!row) throw notFound('Tenant')
      return toTenant(row)
    },
    create(actor, input) {
      check(input)
      return store.transact(async (tx) => {
        const now = clock.now()
        const defaults = {
          country: null,
          time_zone: null,
          match_tail: 0,
          match_switchboard: 0,
          active: 1,
        } as const
        const row = await tx.db
          .insertInto('tenants')
          .values({
            ...defaults,
            ...toColumns(input),
            name: input.name,
            parent_id: actor.tenantId,
            created_at: now,
            updated_at: now,
          })
          .returningAll()
          .executeTakeFirstOrThrow()
        await recordAudit(tx, actor, {
          action: 'create',
          entity: 'tenant',
          entityId: row.id,
          after: toTenant(row),
        })
        tx.changed(row.id, 'tenant', row.id)
        return toTenant(row)
      })
    },
    update(actor, id, patch, condition = unconditional) {
      check(patch)
      if (id === actor.tenantId && patch.active === false) {
        throw new HubError('conflict', 'A tenant cannot close itself: its parent can.')
      }
      return store.transact(async (tx) => {
        const rows = tx.db.selectFrom('tenants').selectAll().where('id', '=', id)
        const before = await (tx.engine === 'postgres' ? rows.forUpdate() : rows).executeTakeFirst()
        if (!before || (id !== actor.tenantId && before.parent_id !== actor.tenantId))
          throw notFound('Tenant')
        condition(toTenant(before))
        const row = await tx.db
          .updateTable('tenants')
          .set({ ...toColumns(patch), updated_at: clock.now() })
          .where('id', '=', id)
          .returningAll()
          .executeTakeFirstOrThrow()
        const act = { before: toTenant(before), after: toTenant(row) }
        await recordAudit(tx, actor, { action: 'update', entity: 'tenant', entityId: id, ...act })
        tx.changed(id, 'tenant', id)
        return toTenant(row)
      })
    },
    async nameCountry(tx, tenantId, country) {
      const { db, changed } = tx as unknown as Tx<AccessTables>
      const named = await db
        .updateTable('tenants')
        .set({ country, updated_at: clock.now() })
        .where('id', '=', tenantId)
        .where('country', 'is', null)
        .executeTakeFirst()
      if (named.numUpdatedRows > 0n) changed(tenantId, 'tenant', tenantId)
    },
  }
}
