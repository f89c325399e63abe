import type { Migration } from 'kysely/migration'
import { directoryMigration } from './001-directory.ts'
import { bookQualityMigration } from './005-book-quality.ts'

/** Every migration in order, forward only. A name once released never changes. */
export function migrationsFor(engine: 'sqlite' | 'postgres'): Record<string, Migration> {
  return {
    '001-directory': directoryMigration(engine),
    '005-book-quality': bookQualityMigration(engine),
  }
}
