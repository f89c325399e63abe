import type { Migration } from 'kysely/migration'
import { directoryMigration } from './001-directory.ts'
import { idempotencyMigration } from './003-idempotency.ts'

/** Every migration in order, forward only. A name once released never changes. */
export function migrationsFor(engine: 'sqlite' | 'postgres'): Record<string, Migration> {
  return {
    '001-directory': directoryMigration(engine),
    '003-idempotency': idempotencyMigration(engine),
  }
}
