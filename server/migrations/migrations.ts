import type { Migration } from 'kysely/migration'
import { directoryMigration } from './001-directory.ts'
import { keyringMigration } from './002-keyring.ts'
import { idempotencyMigration } from './003-idempotency.ts'
import { bookQualityMigration } from './005-book-quality.ts'
import { workMigration } from './007-work.ts'
import { journalMigration } from './008-journal.ts'
import { routingMigration } from './009-routing.ts'
import { fleetMigration } from './010-fleet.ts'
import { recordsMigration } from './011-records.ts'
import { usersMigration } from './012-users.ts'
import { xapiTokensMigration } from './013-xapi-tokens.ts'
import { liveCallsMigration } from './014-live-calls.ts'
import { pbxReadingMigration } from './015-pbx-reading.ts'
import { eventsMigration } from './016-events.ts'
import { crmMigration } from './017-crm-reports-and-profile-hosts.ts'
import { popMigration } from './018-pop.ts'
import { snapshotsMigration } from './020-snapshots.ts'
import { rulePlansMigration } from './021-rule-plans.ts'
import { lastAgentsMigration } from './022-last-agents.ts'
import { profileCalendarsMigration } from './023-profile-calendars.ts'

/** Every migration in order, forward only. A name once released never changes. */
export function migrationsFor(engine: 'sqlite' | 'postgres'): Record<string, Migration> {
  return {
    '001-directory': directoryMigration(engine),
    '002-keyring': keyringMigration(engine),
    '003-idempotency': idempotencyMigration(engine),
    '005-book-quality': bookQualityMigration(engine),
    '007-work': workMigration(engine),
    '008-journal': journalMigration(engine),
    '009-routing': routingMigration(engine),
    '010-fleet': fleetMigration(engine),
    '011-records': recordsMigration(engine),
    '012-users': usersMigration(engine),
    '013-xapi-tokens': xapiTokensMigration(engine),
    '014-live-calls': liveCallsMigration(engine),
    '015-pbx-reading': pbxReadingMigration(engine),
    '016-events': eventsMigration(engine),
    '017-crm-reports-and-profile-hosts': crmMigration(engine),
    '018-pop': popMigration(engine),
    '020-snapshots': snapshotsMigration(engine),
    '021-rule-plans': rulePlansMigration(engine),
    '022-last-agents': lastAgentsMigration(engine),
    '023-profile-calendars': profileCalendarsMigration(engine),
  }
}
