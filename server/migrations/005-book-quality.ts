import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

function statements(engine: 'sqlite' | 'postgres'): string[] {
  const int = engine === 'sqlite' ? 'integer' : 'bigint'
  return [
    // The survivor's deletion takes the ids that were merged into it along.
    `create table merged_parties (tenant_id ${int} not null, from_id ${int} not null, customer_id ${int},
      contact_id ${int}, merged_at ${int} not null, primary key (tenant_id, from_id),
      foreign key (tenant_id, customer_id) references customers (tenant_id, id) on delete cascade,
      foreign key (tenant_id, contact_id) references contacts (tenant_id, id) on delete cascade,
      check ((customer_id is null) <> (contact_id is null)))`,
    `create index merged_parties_by_customer on merged_parties (tenant_id, customer_id) where customer_id is not null`,
    `create index merged_parties_by_contact on merged_parties (tenant_id, contact_id) where contact_id is not null`,
  ]
}

/** Which ids of customers and contacts now mean another one. */
export function bookQualityMigration(engine: 'sqlite' | 'postgres'): Migration {
  return {
    async up(db: Kysely<unknown>) {
      for (const statement of statements(engine)) await sql.raw(statement).execute(db)
    },
  }
}
