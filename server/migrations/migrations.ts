import type { Migration } from 'kysely/migration'
import { directoryMigration } from './001-directory.ts'

/** Every migration in order, forward only. A name once released never changes. */
export function migrationsFor(engine: 'sqlite' | 'postgres'): Record<string, Migration> {
  return {
    '001-directory': directoryMigration(engine),
  }
}
