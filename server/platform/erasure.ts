import { sql, type RawBuilder } from 'kysely'
import type { AuditTables } from './audit.ts'
import { isOneOf } from './database/engine.ts'
import { toJson } from './database/json.ts'
import type { Tx } from './database/store.ts'

/** What stands where something was erased from a text that otherwise stays. */
export const ERASED = '[erased]'

/** What one request wants forgotten in one tenant. */
export type Erasure = {
  tenantId: number
  /** Customers and contacts that go, with the ids that were merged into them. */
  parties: { customer: number[]; contact: number[] }
  /** Rows that belong to those parties, by what the audit trail calls them. */
  belongings: Record<string, number[]>
  /** Digits or words one of which is in every text that `scrub` changes, once separators are off. */
  needles: string[]
  /** The text without what is to be forgotten; null when it holds nothing of it. */
  scrub(text: string): string | null
  /** Sets of cells; a row that has all cells of one of them is about those who go. Folded by `foldCell`. */
  cells: string[][]
  foldCell(cell: string): string
  /** Rows of that table that are to be looked at, the others being known to hold nothing; null or absent = every row. */
  lookAt?(table: string): RawBuilder<boolean> | null
}

/** Place → rows that went or were scrubbed there. */
export type Removed = Record<string, number>

/**
 * Takes what an erasure names out of the tables of one room, in the transaction of the whole. Every room whose tables
 * may hold a caller gives one to `openDirectory` in the hub.
 */
export type Eraser = (tx: Tx<never>, erasure: Erasure) => Promise<Removed>

const SEPARATORS = [' ', '.', '-', '/', '(', ')', '\u00a0', '\u202f']

/** Whether one of these columns may hold one of the needles: a superset, in SQL, of what `scrub` changes. */
export function mayHold(columns: readonly string[], needles: string[]): RawBuilder<boolean> {
  if (needles.length === 0) return sql<boolean>`1 = 0`
  const texts = columns.map((name) => sql`coalesce(${sql.ref(name)}, '')`)
  const whole = sql`(${sql.join(texts, sql` || '|' || `)})`
  const bare = SEPARATORS.reduce<RawBuilder<unknown>>(
    (text, sign) => sql`replace(${text}, ${sql.val(sign)}, '')`,
    whole,
  )
  const found = needles.map((needle) => {
    const pattern = `%${needle.replace(/[\\%_]/g, (sign) => `\\${sign}`)}%`
    return sql`${/^\d+$/.test(needle) ? bare : whole} like ${sql.val(pattern)} escape '\\'`
  })
  return sql<boolean>`(${sql.join(found, sql` or `)})`
}

/** As `mayHold`, for the needles of an erasure, among the rows of that table that are to be looked at. */
export function mayBeAbout(
  { needles, lookAt }: Erasure,
  table: string,
  columns: readonly string[],
): RawBuilder<boolean> {
  const rows = lookAt?.(table) ?? null
  return rows === null ? mayHold(columns, needles) : sql<boolean>`(${rows} and ${mayHold(columns, needles)})`
}

const INSTANT = /^\d{4}-\d\d-\d\d(?:T[\d:.]+Z)?$/

/** A JSON value with every text in it scrubbed; null when there was nothing to scrub. */
export function scrubJson(text: string, scrub: Erasure['scrub']): string | null {
  let found = false
  const walked = JSON.parse(text, (_key, value: unknown) => {
    if (typeof value !== 'string' || INSTANT.test(value)) return value
    const scrubbed = scrub(value)
    if (scrubbed === null) return value
    found = true
    return scrubbed
  }) as unknown
  return found ? toJson(walked) : null
}

const PAGE = 500

/** Takes what the audit trail says of these things out of it; answers from how many lines. */
export async function emptyAudit<Tables extends AuditTables>(
  tx: Tx<Tables>,
  tenantId: number,
  entity: string,
  ids: number[],
): Promise<number> {
  if (ids.length === 0) return 0
  const { db, engine } = tx as unknown as Tx<AuditTables>
  const emptied = await db
    .updateTable('audit')
    .set({ before: null, after: null })
    .where('tenant_id', '=', tenantId)
    .where('entity', '=', entity)
    .where(isOneOf(engine, 'entity_id', ids, 'bigint'))
    .where((is) => is.or([is('before', 'is not', null), is('after', 'is not', null)]))
    .executeTakeFirst()
  return Number(emptied.numUpdatedRows)
}

/** The audit trail keeps who did what and when; what was written about those who go is taken out of it. */
export const eraseFromAudit: Eraser = async (erasing, erasure) => {
  const tx = erasing as unknown as Tx<AuditTables>
  const { db } = tx
  const { tenantId, parties, belongings, needles, scrub } = erasure
  let audit = 0
  for (const [entity, ids] of Object.entries({ ...belongings, ...parties }))
    audit += await emptyAudit(tx, tenantId, entity, ids)
  for (let after = 0; needles.length > 0;) {
    const rows = await db
      .selectFrom('audit')
      .select(['id', 'before', 'after'])
      .where('tenant_id', '=', tenantId)
      .where('id', '>', after)
      .where(mayBeAbout(erasure, 'audit', ['before', 'after']))
      .orderBy('id')
      .limit(PAGE)
      .execute()
    for (const row of rows) {
      const [before, later] = [row.before, row.after].map((text) =>
        text === null ? null : scrubJson(text, scrub),
      )
      if ((before ?? later ?? null) === null) continue
      const scrubbed = { before: before ?? row.before, after: later ?? row.after }
      await db.updateTable('audit').set(scrubbed).where('id', '=', row.id).execute()
      audit += 1
    }
    const last = rows.at(-1)
    if (last === undefined) break
    after = last.id
  }
  return { audit }
}
