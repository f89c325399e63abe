import type { Transaction } from 'kysely'
import { isOneOf } from './database/engine.ts'
import type { Tx } from './database/store.ts'
import { mayHold, type Erasure } from './erasure.ts'

const PAGE = 500

/** A table of rows about at most one caller each. */
type About = { id: number; tenant_id: number; customer_id: number | null; contact_id: number | null }
type Texts = Record<string, string | null>

/**
 * Deletes every row of a table that is about those who go, or that names them in one of `texts`: rows that are kept whole
 * or not at all. Answers how many.
 */
export async function eraseRows(
  tx: Tx<never>,
  table: string,
  texts: readonly string[],
  { tenantId, parties, needles, scrub }: Erasure,
): Promise<number> {
  const db = tx.db as unknown as Transaction<Record<string, About>>
  const gone = await db
    .deleteFrom(table)
    .where('tenant_id', '=', tenantId)
    .where((is) =>
      is.or([
        isOneOf(tx.engine, 'customer_id', parties.customer, 'bigint'),
        isOneOf(tx.engine, 'contact_id', parties.contact, 'bigint'),
      ]),
    )
    .executeTakeFirst()
  let count = Number(gone.numDeletedRows)
  for (let after = 0; needles.length > 0;) {
    const rows = await db
      .selectFrom(table)
      .selectAll()
      .where('tenant_id', '=', tenantId)
      .where('id', '>', after)
      .where(mayHold(texts, needles))
      .orderBy('id')
      .limit(PAGE)
      .execute()
    const last = rows.at(-1)
    if (last === undefined) break
    after = last.id
    const ids = rows.filter((row) => namesThem(row as unknown as Texts, texts, scrub)).map((row) => row.id)
    await db
      .deleteFrom(table)
      .where(isOneOf(tx.engine, 'id', ids, 'bigint'))
      .execute()
    count += ids.length
  }
  return count
}

const namesThem = (row: Texts, texts: readonly string[], scrub: Erasure['scrub']): boolean =>
  texts.some((name) => {
    const text = row[name] ?? null
    return text !== null && scrub(text) !== null
  })
