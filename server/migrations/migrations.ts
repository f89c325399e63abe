import type { Migration } from 'kysely/migration'
import { directoryMigration } from './001-directory.ts'
import { keyringMigration } from './002-keyring.ts'
import { idempotencyMigration } from './003-idempotency.ts'
import { workMigration } from './004-work.ts'
import { bookQualityMigration } from './005-book-quality.ts'
import { usersMigration } from './006-users.ts'

/** Every migration in order, forward only. A name once released never changes. */
export function migrationsFor(engine: 'sqlite' | 'postgres'): Record<string, Migration> {
  return {
    '001-directory': directoryMigration(engine),
    '002-keyring': keyringMigration(engine),
    '003-idempotency': idempotencyMigration(engine),
    '004-work': workMigration(engine),
    '005-book-quality': bookQualityMigration(engine),
    '006-users': usersMigration(engine),
  }
}
