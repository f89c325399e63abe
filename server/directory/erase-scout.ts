import { sql, type RawBuilder } from 'kysely'
import type { EraseInput } from '../../contract/erase.ts'
import { isOneOf, type Engine } from '../platform/database/engine.ts'
import { fromJson } from '../platform/database/json.ts'
import { mayHold } from '../platform/erasure.ts'
import { numbersHeld, subjectOf, type Subject } from './erase-subject.ts'
import { textColumns, TEXT_TABLES } from './erase-texts.ts'
import { remarksAbout } from './import/erase-remarks.ts'
import type { DirectoryDb, DirectoryStore, DirectoryTx } from './write.ts'

/** What a look at the whole book found, before the transaction that erases. */
export type Scouted = {
  /** The subject as it is now, with the rows that are to be looked at for it. */
  subjectNow(tx: DirectoryTx): Promise<Subject>
}

type Marks = { changes: number; audit: number; import_remarks: number }
type Changed = { customer: number[]; contact: number[]; contract: number[]; customer_file: number[] }

/** Rows of one statement: other questions take their turn in between. */
const WINDOW = 20_000

async function lastOf(db: DirectoryDb, table: string, column = 'id'): Promise<number> {
  const { rows } = await sql<{ last: number | null }>`select max(${sql.ref(column)}) as last
    from ${sql.table(table)}`.execute(db)
  return rows[0]?.last ?? 0
}

async function idsIn(db: DirectoryDb, tenantId: number, table: string, where: RawBuilder<boolean>) {
  const ids: number[] = []
  const last = await lastOf(db, table)
  for (let from = 0; from < last; from += WINDOW) {
    const { rows } = await sql<{ id: number }>`select id from ${sql.table(table)}
      where id > ${from} and id <= ${from + WINDOW} and tenant_id = ${tenantId} and ${where}`.execute(db)
    ids.push(...rows.map((row) => row.id))
  }
  return ids
}

/** What was written since the marks: the feed tells it of the book, the audit trail of what no memory holds. */
async function changedSince({ db }: DirectoryTx, tenantId: number, marks: Marks): Promise<Changed> {
  const changed: Changed = { customer: [], contact: [], contract: [], customer_file: [] }
  const told = await db
    .selectFrom('changes')
    .select(['entity', 'ids'])
    .where('seq', '>', marks.changes)
    .where('tenant_id', '=', tenantId)
    .where('entity', 'in', ['customer', 'contact'])
    .execute()
  for (const { entity, ids } of told)
    changed[entity as 'customer' | 'contact'].push(...fromJson<number[]>(ids))
  const acts = await db
    .selectFrom('audit')
    .select(['entity', 'entity_id'])
    .where('id', '>', marks.audit)
    .where('tenant_id', '=', tenantId)
    .where('entity', 'in', ['contract', 'customer_file'])
    .execute()
  for (const { entity, entity_id } of acts)
    if (entity_id !== null) changed[entity as 'contract' | 'customer_file'].push(entity_id)
  return changed
}

/**
 * Looks through the whole book outside of any transaction, so that the one that erases need only look at what was found
 * and at what was written since. For SQLite, where one writer at a time means that all others wait for the look; ids
 * and changes are in the order of commits there, which is what makes "since" exact.
 */
export async function scout(
  store: DirectoryStore,
  tenantId: number,
  input: EraseInput,
  country: string | null,
): Promise<Scouted> {
  const db = store.read
  const engine: Engine = store.engine
  const marks: Marks = {
    changes: await lastOf(db, 'changes', 'seq'),
    audit: await lastOf(db, 'audit'),
    import_remarks: await lastOf(db, 'import_remarks'),
  }
  const { erasure, holders } = await subjectOf({ db, engine } as never, tenantId, input, country)
  const { needles } = erasure
  const found = new Map<string, number[]>()
  for (const table of TEXT_TABLES)
    found.set(table, await idsIn(db, tenantId, table, mayHold(textColumns(table), needles)))
  const numbers = await idsIn(db, tenantId, 'phones', numbersHeld(engine, needles))
  found.set('phones', [...(found.get('phones') ?? []), ...numbers, ...holders])
  found.set('audit', await idsIn(db, tenantId, 'audit', mayHold(['before', 'after'], needles)))
  found.set('import_remarks', await remarksAbout(db, erasure))

  return {
    async subjectNow(tx) {
      const changed = await changedSince(tx, tenantId, marks)
      const list = (ids: number[]) => sql`select value from json_each(${JSON.stringify(ids)})`
      const of = (table: string, column: string, ids: number[]) =>
        sql`select id from ${sql.table(table)} where tenant_id = ${tenantId} and ${isOneOf(engine, column, ids, 'bigint')}`
      const after = (table: 'audit' | 'import_remarks') =>
        sql`select id from ${sql.table(table)} where id > ${marks[table]}`
      const since: Record<string, RawBuilder<unknown>[]> = {
        customers: [list(changed.customer)],
        contacts: [list(changed.contact)],
        phones: [of('phones', 'customer_id', changed.customer), of('phones', 'contact_id', changed.contact)],
        contracts: [list(changed.contract), of('contracts', 'customer_id', changed.customer)],
        customer_files: [list(changed.customer_file), of('customer_files', 'customer_id', changed.customer)],
        audit: [after('audit')],
        import_remarks: [after('import_remarks')],
      }
      const lookAt = (table: string) => {
        const rows = since[table]
        const before = found.get(table)
        if (!rows || !before) return null
        return sql<boolean>`id in (${sql.join([list(before), ...rows], sql` union all `)})`
      }
      const subject = await subjectOf(tx, tenantId, input, country, lookAt('phones'))
      const { customer, contact } = subject.erasure.parties
      const isChanged =
        changed.customer.some((id) => customer.includes(id)) ||
        changed.contact.some((id) => contact.includes(id)) ||
        subject.erasure.needles.join() !== needles.join()
      // Nobody has looked for what it is called by now.
      if (isChanged) return subjectOf(tx, tenantId, input, country)
      return { ...subject, erasure: { ...subject.erasure, lookAt } }
    },
  }
}
