import type { AuditTables } from './audit.ts'
import { isOneOf } from './database/engine.ts'
import type { Store } from './database/store.ts'
import type { Log } from './log.ts'
import type { WorkTables } from './work/tables.ts'

/** Days each kind of record is kept by default; null is for ever. */
export const RETENTION_DAYS = {
  audit: 3 * 365,
  calls: 3 * 365,
  decisions: 90,
  dispositions: 3 * 365,
  events: 90,
  imports: 90,
  last_agents: 365,
  live_calls: 7,
  notes: 3 * 365,
  pbx_events: 365,
  renormalisations: 90,
  rule_plans: 90,
  work: 90,
  sessions: 30,
  snapshots: 365,
} as const
export type RetentionName = keyof typeof RETENTION_DAYS
/** Days each kind of record is kept; null is for ever. */
export type RetentionDays = Record<RetentionName, number | null>

/** Forgets at most `limit` rows of records older than `olderThan` (ms UTC) in one short transaction, in none when there are none; answers how many went. */
export type PruneOne = (olderThan: number, limit: number) => Promise<number>

const DAY_MS = 86_400_000
const ROWS = 1_000

/** Reads `audit=365, imports=30, renormalisations=never`; what it does not name keeps its default. Throws in words for the operator. */
export function readRetention(text: string): RetentionDays {
  const days: RetentionDays = { ...RETENTION_DAYS }
  const entries = text.split(/[\s,]+/).filter((entry) => entry !== '')
  for (const entry of entries) {
    const [name = '', value = ''] = entry.split('=')
    if (!Object.hasOwn(RETENTION_DAYS, name))
      throw new Error(
        `"${name}" is nothing that is kept for a time; known: ${Object.keys(RETENTION_DAYS).join(', ')}`,
      )
    if (value !== 'never' && !/^[1-9]\d{0,4}$/.test(value))
      throw new Error(
        `"${entry}" gives no number of days from 1 to 99999: write ${name}=90, or ${name}=never to keep it for ever`,
      )
    days[name as RetentionName] = value === 'never' ? null : Number(value)
  }
  return days
}

/** The audit trail's own way of forgetting. Its ids grow with time, so the oldest rows are found without a scan. */
export function pruneAudit(store: Store<AuditTables>): PruneOne {
  return async (olderThan, limit) => {
    const oldest = await store.read
      .selectFrom('audit')
      .select(['id', 'at'])
      .orderBy('id')
      .limit(limit)
      .execute()
    const ids = oldest.filter((row) => row.at < olderThan).map((row) => row.id)
    if (ids.length > 0)
      await store.transact(({ db, engine }) =>
        db
          .deleteFrom('audit')
          .where(isOneOf(engine, 'id', ids, 'bigint'))
          .execute(),
      )
    return ids.length
  }
}

/** Dead tasks that nobody redrove. */
export function pruneWork(store: Store<WorkTables>): PruneOne {
  return async (olderThan, limit) => {
    const dead = await store.read
      .selectFrom('work')
      .select('id')
      .where('dead_at', '<', olderThan)
      .limit(limit)
      .execute()
    const ids = dead.map((row) => row.id)
    if (ids.length > 0)
      await store.transact(({ db, engine }) =>
        db
          .deleteFrom('work')
          .where(isOneOf(engine, 'id', ids, 'bigint'))
          .where('dead_at', '<', olderThan)
          .execute(),
      )
    return ids.length
  }
}

export type RetentionOptions = {
  /** How each room forgets. */
  prune: Record<RetentionName, PruneOne>
  now(): number
  log: Log
}

export type Retention = {
  /**
   * Forgets everything that is older than these days, in small transactions between which others write; stops between two of them
   * when told to. Answers how many rows went, by kind.
   */
  run(days: RetentionDays, signal?: AbortSignal): Promise<Record<RetentionName, number>>
}

/** Forgets what is too old, whenever it is told to. */
export function openRetention({ prune, now, log }: RetentionOptions): Retention {
  const pruneAll = async (
    name: RetentionName,
    kept: number | null,
    signal?: AbortSignal,
  ): Promise<number> => {
    if (kept === null) return 0
    let gone = 0
    for (let some = ROWS; some > 0;) {
      signal?.throwIfAborted()
      some = await prune[name](now() - kept * DAY_MS, ROWS)
      gone += some
    }
    return gone
  }
  return {
    async run(days, signal) {
      const gone = Object.fromEntries(Object.keys(RETENTION_DAYS).map((name) => [name, 0])) as Record<
        RetentionName,
        number
      >
      for (const name of Object.keys(gone) as RetentionName[])
        gone[name] = await pruneAll(name, days[name], signal)
      if (Object.values(gone).some((count) => count > 0)) log.info('forgot what was kept long enough', gone)
      return gone
    },
  }
}
