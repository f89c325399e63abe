import type { Selectable } from 'kysely'
import type { Category, CategoryInput, CategoryPatch } from '../../contract/categories.ts'
import type { Page } from '../../contract/common.ts'
import { recordAudit, type Actor } from '../platform/audit.ts'
import { toFlag } from '../platform/database/json.ts'
import type { Committed } from '../platform/committed.ts'
import { unconditional, type Condition } from '../platform/etag.ts'
import { HubError, invalid, notFound } from '../platform/errors.ts'
import { readPage } from '../platform/listing.ts'
import { openFieldCheck } from '../platform/field-check.ts'
import { occursIn, readFilteredList } from './filters.ts'
import { fold } from './fold.ts'
import type { CategoriesTable } from './tables.ts'
import {
  isoTime,
  lockRow,
  write,
  type DirectoryDeps,
  type DirectoryStore,
  type DirectoryTx,
} from './write.ts'

/** What `/api/v1/categories` does; the actor's tenant is the one written to. */
export type Categories = {
  list(tenantId: number, query: Record<string, unknown>): Promise<Page<Category>>
  get(tenantId: number, id: number): Promise<Category>
  create(actor: Actor, input: CategoryInput): Promise<Committed<Category>>
  update(actor: Actor, id: number, patch: CategoryPatch, condition?: Condition): Promise<Committed<Category>>
  /** HubError `in_use` while customers are in it. */
  remove(actor: Actor, id: number, condition?: Condition): Promise<Committed<null>>
}

export const BUILTIN_VIP = 'vip'
const VIP_NAME = 'VIP'
const COLUMNS = { id: 'id', name: 'name_folded', created_at: 'created_at' }
const UNIQUES = { name_folded: { field: 'name', message: 'There is a category of this name already.' } }

function toCategory(row: Selectable<CategoriesTable>): Category {
  return {
    id: row.id,
    name: row.name,
    vip: row.vip === 1,
    builtin: row.builtin,
    created_at: isoTime(row.created_at),
    updated_at: isoTime(row.updated_at),
  }
}

function toColumns(input: CategoryPatch) {
  const check = openFieldCheck()
  const name = check.required('name', input.name)
  check.done()
  return {
    name,
    name_folded: name === undefined ? undefined : fold(name),
    vip: input.vip === undefined ? undefined : toFlag(input.vip),
  }
}

/**
 * The category of a customer who is said to be a VIP and has none; made when the tenant has no such thing
 * yet. A VIP category that already bears the name becomes it.
 */
export async function builtinVipCategory(tx: DirectoryTx, tenantId: number, now: number): Promise<number> {
  const own = tx.db.selectFrom('categories').select('id').where('tenant_id', '=', tenantId)
  const found = await own.where('builtin', '=', BUILTIN_VIP).executeTakeFirst()
  if (found) return found.id
  const adopted = await tx.db
    .updateTable('categories')
    .set({ builtin: BUILTIN_VIP, updated_at: now })
    .where('tenant_id', '=', tenantId)
    .where('name_folded', '=', fold(VIP_NAME))
    .where('vip', '=', 1)
    .returning('id')
    .executeTakeFirst()
  if (adopted) return adopted.id
  // The name may be taken by a category that is none for VIPs.
  for (let n = 1; ; n++) {
    const name = n === 1 ? VIP_NAME : `${VIP_NAME} ${n}`
    const made = await tx.db
      .insertInto('categories')
      .values({
        tenant_id: tenantId,
        name,
        name_folded: fold(name),
        vip: 1,
        builtin: BUILTIN_VIP,
        created_at: now,
        updated_at: now,
      })
      .onConflict((conflict) => conflict.doNothing())
      .returning('id')
      .executeTakeFirst()
    if (made) {
      tx.changed(tenantId, 'category', made.id)
      return made.id
    }
    // Somebody else may have made it in the same moment.
    const theirs = await own.where('builtin', '=', BUILTIN_VIP).executeTakeFirst()
    if (theirs) return theirs.id
  }
}

/** Categories of customers; they alone decide who is a VIP. */
export function openCategories(store: DirectoryStore, { clock }: Pick<DirectoryDeps, 'clock'>): Categories {
  const own = (tenantId: number) =>
    store.read.selectFrom('categories').selectAll().where('tenant_id', '=', tenantId)

  return {
    async list(tenantId, query) {
      const { request, filters } = readFilteredList(query, {
        sort: Object.keys(COLUMNS),
        filters: ['vip', 'name', 'term_match'],
      })
      const vip = filters.flag('vip')
      const name = filters.text('name')
      let rows = own(tenantId)
      if (vip !== null) rows = rows.where('vip', '=', toFlag(vip))
      if (name !== null) rows = rows.where('name_folded', '=', fold(name))
      for (const word of filters.words('term_match'))
        rows = rows.where(occursIn(word, { folded: ['name_folded'] }))
      return readPage(rows, request, COLUMNS, (found) => found.map(toCategory))
    },
    async get(tenantId, id) {
      const row = await own(tenantId).where('id', '=', id).executeTakeFirst()
      if (!row) throw notFound('Category')
      return toCategory(row)
    },
    async create(actor, input) {
      const { name = input.name, name_folded = fold(name), vip = toFlag(false) } = toColumns(input)
      return write(store, UNIQUES, async (tx) => {
        const now = clock.now()
        const row = await tx.db
          .insertInto('categories')
          .values({
            tenant_id: actor.tenantId,
            name,
            name_folded,
            vip,
            builtin: null,
            created_at: now,
            updated_at: now,
          })
          .returningAll()
          .executeTakeFirstOrThrow()
        await recordAudit(tx, actor, {
          action: 'create',
          entity: 'category',
          entityId: row.id,
          after: toCategory(row),
        })
        tx.changed(actor.tenantId, 'category', row.id)
        return toCategory(row)
      })
    },
    async update(actor, id, patch, condition = unconditional) {
      const columns = toColumns(patch)
      return write(store, UNIQUES, async (tx) => {
        const before = await lockRow(tx, 'categories', actor.tenantId, id)
        if (!before) throw notFound('Category')
        condition(toCategory(before))
        if (before.builtin === BUILTIN_VIP && columns.vip === 0) {
          throw invalid({
            vip: [
              'This is the category of those who are said to be VIPs: it cannot stop being one for VIPs.',
            ],
          })
        }
        const row = await tx.db
          .updateTable('categories')
          .set({ ...columns, updated_at: clock.now() })
          .where('tenant_id', '=', actor.tenantId)
          .where('id', '=', id)
          .returningAll()
          .executeTakeFirstOrThrow()
        const act = { before: toCategory(before), after: toCategory(row) }
        await recordAudit(tx, actor, { action: 'update', entity: 'category', entityId: id, ...act })
        tx.changed(actor.tenantId, 'category', id)
        return toCategory(row)
      })
    },
    async remove(actor, id, condition = unconditional) {
      return write(store, {}, async (tx) => {
        const before = await lockRow(tx, 'categories', actor.tenantId, id)
        if (!before) throw notFound('Category')
        condition(toCategory(before))
        const { users } = await tx.db
          .selectFrom('customers')
          .select((of) => of.fn.countAll<number>().as('users'))
          .where('tenant_id', '=', actor.tenantId)
          .where('category_id', '=', id)
          .executeTakeFirstOrThrow()
        if (Number(users) > 0) {
          throw new HubError(
            'in_use',
            `The category is in use by ${users} customer${Number(users) === 1 ? '' : 's'}.`,
          )
        }
        await tx.db
          .deleteFrom('categories')
          .where('tenant_id', '=', actor.tenantId)
          .where('id', '=', id)
          .execute()
        await recordAudit(tx, actor, {
          action: 'delete',
          entity: 'category',
          entityId: id,
          before: toCategory(before),
        })
        tx.changed(actor.tenantId, 'category', id)
        return null
      })
    },
  }
}
