import { sql, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Holidays of profiles as iCalendar, with what their events come to. */
export function profileCalendarsMigration(engine: 'sqlite' | 'postgres'): Migration {
  const sqlite = engine === 'sqlite'
  const int = sqlite ? 'integer' : 'bigint'
  const text = sqlite ? 'text' : 'text collate "C"'
  return {
    async up(db: Kysely<unknown>) {
      for (const statement of [
        `create table profile_calendars (tenant_id ${int} not null, profile_id ${int} not null, url ${text}, ics ${text} not null,
          etag ${text}, events ${int} not null, expansion ${text} not null, expanded_at ${int} not null,
          known_from ${int} not null, known_until ${int} not null, fetched_at ${int} not null, checked_at ${int},
          problem ${text}, failing_since ${int}, updated_at ${int} not null, primary key (tenant_id, profile_id),
          foreign key (tenant_id, profile_id) references profiles (tenant_id, id) on delete cascade)`,
      ])
        await sql.raw(statement).execute(db)
    },
  }
}
