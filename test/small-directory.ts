import type { TestContext } from 'node:test'
import type { AccessTables } from '../server/access/tables.ts'
import { dayOf } from '../server/directory/calendar-day.ts'
import { openCategories } from '../server/directory/categories.ts'
import { openContacts } from '../server/directory/contacts.ts'
import { openContracts } from '../server/directory/contracts.ts'
import { openCustomerFiles } from '../server/directory/customer-files.ts'
import { openCustomers } from '../server/directory/customers.ts'
import { openIndexFollower } from '../server/directory/index-follower.ts'
import { readNumber } from '../server/directory/phone-number.ts'
import type { DirectoryTables } from '../server/directory/tables.ts'
import type { Actor } from '../server/platform/audit.ts'
import type { Engine } from '../server/platform/database/engine.ts'
import { fromJson } from '../server/platform/database/json.ts'
import type { Committed } from '../server/platform/committed.ts'
import type { Change } from '../server/platform/database/store.ts'
import { newStore } from './stores.ts'

type Tables = AccessTables & DirectoryTables
type Query = Record<string, unknown>

/**
 * Two tenants in France with an empty directory each, on a day (`date`) and in a country that tests may
 * change.
 */
export async function newSmallDirectory(t: TestContext, engine: Engine) {
  const whole = await newStore<Tables>(t, engine)
  const tenant = async (name: string): Promise<Actor> => {
    const made = await whole.write
      .insertInto('tenants')
      .values({ name, match_tail: 0, match_switchboard: 0, active: 1, created_at: 1, updated_at: 1 })
      .returning('id')
      .executeTakeFirstOrThrow()
    return { kind: 'token', id: 7, name: 'test', tenantId: made.id, requestId: null, address: null }
  }
  const world = { date: '2026-03-01', now: Date.UTC(2026, 2, 1, 12), country: 'FR' as string | null }
  const store = whole as unknown as Awaited<ReturnType<typeof newStore<DirectoryTables>>>
  const follower = openIndexFollower(store)
  const deps = {
    clock: { now: () => world.now },
    country: () => world.country,
    today: () => dayOf(world.date),
    ownersOf: (tenantId: number, number: string) =>
      follower.indexOf(tenantId).ownersOf(readNumber(number, world.country)),
  }
  /** Lists look into memory, which holds everything written before. */
  const followed = <Resource extends { list(tenantId: number, query: Query): Promise<unknown> }>(
    resource: Resource,
  ): Resource => ({
    ...resource,
    async list(tenantId: number, query: Query) {
      await follower.hydrate()
      return await resource.list(tenantId, query)
    },
  })
  return {
    world,
    store,
    us: await tenant('Us'),
    them: await tenant('Them'),
    customers: followed(openCustomers(store, deps)),
    contacts: followed(openContacts(store, deps)),
    categories: openCategories(store, deps),
    contracts: openContracts(store, deps),
    files: openCustomerFiles(store, deps),
    /** What followers are told, oldest first. */
    async changes(): Promise<Change[]> {
      const rows = await store.read.selectFrom('changes').selectAll().orderBy('seq').execute()
      return rows.map((row) => ({
        tenantId: row.tenant_id,
        entity: row.entity,
        ids: fromJson<number[]>(row.ids),
      }))
    },
    /** The audit trail of one entity, oldest first. */
    async audit(entity: string) {
      const rows = await store.read
        .selectFrom('audit')
        .selectAll()
        .where('entity', '=', entity)
        .orderBy('id')
        .execute()
      return rows.map(({ action, entity_id, tenant_id, before, after }) => ({
        action,
        entity_id,
        tenant_id,
        before: before === null ? null : fromJson<Record<string, unknown>>(before),
        after: after === null ? null : fromJson<Record<string, unknown>>(after),
      }))
    },
  }
}

/** The value of a write. */
export async function valueOf<T>(write: Promise<Committed<T>>): Promise<T> {
  return (await write).value
}

/** Matches a 422 that names this field, as `assert.rejects` wants it. */
export function refusal(field: string, words: RegExp = /./) {
  return (error: unknown): boolean => {
    const { status, fields } = error as { status?: number; fields?: Record<string, string[]> }
    return status === 422 && words.test(fields?.[field]?.join(' ') ?? '')
  }
}
