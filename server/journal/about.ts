import { sql, type RawBuilder } from 'kysely'
import { isOneOf, type Engine } from '../platform/database/engine.ts'

/** Whom something is looked for: parties with all ids that were merged into them, and a number. */
export type About = { customerIds: number[]; contactIds: number[]; numberKey: string | null }

/** Whether a row of the table is about one of them. */
export function isAbout(engine: Engine, table: string, about: About): RawBuilder<boolean> {
  const { customerIds, contactIds, numberKey } = about
  const any = [
    ...(customerIds.length > 0 ? [isOneOf(engine, `${table}.customer_id`, customerIds, 'bigint')] : []),
    ...(contactIds.length > 0 ? [isOneOf(engine, `${table}.contact_id`, contactIds, 'bigint')] : []),
    ...(numberKey === null ? [] : [sql<boolean>`${sql.ref(`${table}.number_key`)} = ${numberKey}`]),
  ]
  return any.length === 0 ? sql<boolean>`1 = 0` : sql<boolean>`(${sql.join(any, sql` or `)})`
}
