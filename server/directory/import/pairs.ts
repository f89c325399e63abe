import { sql, type RawBuilder } from 'kysely'
import type { Engine } from '../../platform/database/engine.ts'

export type Pair = { customerId: number; text: string }

/** No import knows this person by the present name: somebody typed it in. */
export const NAMED_BY_HAND = sql<boolean>`(contacts.import_key is null or contacts.import_key <> 'name ' || contacts.name_folded)`

const CONDITIONS = { import_key: sql`true`, name_folded: NAMED_BY_HAND }

/**
 * Ids of contacts whose customer and `column` are one of these pairs; by name only those that no import knows by it yet. One
 * search per pair: two lists of values would be tried in every combination.
 */
export function contactsOfPairs(
  engine: Engine,
  tenantId: number,
  column: keyof typeof CONDITIONS,
  pairs: Pair[],
): RawBuilder<{ id: number }> {
  const found = sql.ref(`contacts.${column}`)
  const mine = sql`contacts.tenant_id = ${sql.val(tenantId)} and contacts.customer_id = given.customer_id and ${CONDITIONS[column]}`
  if (engine === 'postgres') {
    const ids = sql.val(pairs.map((pair) => pair.customerId))
    const texts = sql.val(pairs.map((pair) => pair.text))
    // "offset 0" keeps the search inside the loop; PostgreSQL would rather hash the whole table.
    return sql`select found.id from unnest(${ids}::bigint[], ${texts}::text[]) as given (customer_id, text)
      cross join lateral (select contacts.id from contacts where ${mine} and ${found} = given.text offset 0) as found`
  }
  const list = sql.val(JSON.stringify(pairs.map((pair) => [pair.customerId, pair.text])))
  // The plus keeps SQLite from searching the whole tenant by name rather than the customer's few contacts.
  const compared = column === 'name_folded' ? sql`+${found}` : found
  return sql`select contacts.id
    from (select value ->> 0 as customer_id, value ->> 1 as text from json_each(${list})) as given
    cross join contacts on ${mine} and ${compared} = given.text`
}
