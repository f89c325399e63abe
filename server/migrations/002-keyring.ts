import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Data keys wrapped under the master key, and what tells the right master key from a wrong one. */
export function keyringMigration(engine: 'sqlite' | 'postgres'): Migration {
  const int = engine === 'sqlite' ? 'integer' : 'bigint'
  const text = engine === 'sqlite' ? 'text' : 'text collate "C"'
  const statements = [
    `create table secret_keys (id ${text} primary key, wrapped ${text} not null, state ${text} not null,
      created_at ${int} not null, retired_at ${int}, check (state in ('current', 'retiring', 'retired')))`,
    `create unique index secret_keys_current on secret_keys (state) where state = 'current'`,
    `create table secret_key_check (id smallint primary key check (id = 1), salt ${text} not null, proof ${text} not null,
      written_at ${int} not null)`,
  ]
  return {
    async up(db: Kysely<unknown>) {
      for (const statement of statements) await sql.raw(statement).execute(db)
    },
  }
}
