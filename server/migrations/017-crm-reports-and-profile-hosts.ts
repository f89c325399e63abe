import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

function statements(engine: 'sqlite' | 'postgres'): string[] {
  const int = engine === 'sqlite' ? 'integer' : 'bigint'
  const text = engine === 'sqlite' ? 'text' : 'text collate "C"'
  return [
    // Which hosts report calls through their CRM template, and the calls known by that alone.
    `create index records_of_reports on records (host_id) where source = 'crm'`,
    `create index calls_of_reports on calls (host_id, started_at) where source = 'crm'`,
    `alter table profiles add column host_ids ${text} not null default '[]'`,
    // A host has one profile. One that was deleted stays named and answers nothing: ids are never used again.
    `create table profile_hosts (tenant_id ${int} not null, host_id ${int} not null, profile_id ${int} not null,
      primary key (tenant_id, host_id),
      foreign key (tenant_id, profile_id) references profiles (tenant_id, id) on delete cascade)`,
    `create index profile_hosts_by_profile on profile_hosts (tenant_id, profile_id)`,
  ]
}

/** Reports of calls find those that others tell of; profiles are for the questions of hosts, too. */
export function crmMigration(engine: 'sqlite' | 'postgres'): Migration {
  return {
    async up(db: Kysely<unknown>) {
      for (const statement of statements(engine)) await sql.raw(statement).execute(db)
    },
  }
}
