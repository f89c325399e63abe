import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { newSmallDirectory } from '../../test/small-directory.ts'
import { newHub } from '../../test/hub.ts'
import { newDirectory, newReadyAddress, onEachStore } from '../../test/stores.ts'
import { recordAudit } from '../platform/audit.ts'
import type { Engine } from '../platform/database/engine.ts'
import type { Store } from '../platform/database/store.ts'
import { openLog } from '../platform/log.ts'
import {
  openRetention,
  pruneAudit,
  pruneWork,
  RETENTION_DAYS,
  type RetentionDays,
} from '../platform/retention.ts'
import { pruneSessions } from '../access/access.ts'
import { pruneImports, pruneRenormalisations } from './directory-retention.ts'
import type { ImportTables } from './import/tables.ts'

const DAY = 86_400_000
const NOW = Date.UTC(2026, 2, 1)

/** A store with audit lines, imports and runs of these ages in days, each import with this many remarks. */
async function newOldStore(t: TestContext, engine: Engine, ages: number[], remarks: number) {
  const { store, us } = await newSmallDirectory(t, engine)
  const tables = store as unknown as Store<ImportTables>
  const tenant_id = us.tenantId
  for (const age of ages) {
    const at = NOW - age * DAY
    const stamps = { created_at: at, updated_at: at }
    await store.transact((tx) => recordAudit(tx, us, { action: 'create', entity: 'x', entityId: age }))
    await store.write.updateTable('audit').set({ at }).where('entity_id', '=', age).execute()
    const none = { bytes_total: 0, bytes_read: 0, rows_read: 0, accepted: 0, rejected: 0, warnings: 0 }
    for (const status of ['done', 'running'] as const) {
      const made = await tables.write
        .insertInto('imports')
        .values({ tenant_id, status, options: '{}', ...none, ...stamps })
        .returning('id')
        .executeTakeFirstOrThrow()
      const remark = { tenant_id, import_id: made.id, severity: 'reject', code: 'x', reason: 'x' } as const
      await tables.write
        .insertInto('import_remarks')
        .values(Array.from({ length: remarks }, (_, i) => ({ ...remark, line: i + 1 })))
        .execute()
    }
    const counts = { position: 0, numbers_total: 0, numbers_read: 0, changed: 0 }
    await store.write
      .insertInto('renormalisations')
      .values({ tenant_id, status: 'done', country_from: 'written', actor: '{}', ...counts, ...stamps })
      .execute()
  }
  const left = async () => {
    const imports = await tables.read.selectFrom('imports').select(['status', 'updated_at']).execute()
    const kept = await tables.read.selectFrom('import_remarks').select('id').execute()
    const audit = await store.read.selectFrom('audit').select('entity_id').orderBy('id').execute()
    const runs = await store.read.selectFrom('renormalisations').select('id').execute()
    const done = imports.filter((row) => row.status === 'done')
    return {
      audit: audit.map((row) => row.entity_id),
      imports: [done.length, imports.length - done.length],
      remarks: kept.length,
      runs: runs.length,
    }
  }
  const forget = async (days: RetentionDays) => {
    const opened = openRetention({
      prune: {
        audit: pruneAudit(store),
        calls: () => Promise.resolve(0),
        imports: pruneImports(store),
        live_calls: () => Promise.resolve(0),
        renormalisations: pruneRenormalisations(store),
        work: pruneWork(store as never),
        sessions: pruneSessions(store as never),
        dispositions: () => Promise.resolve(0),
        decisions: () => Promise.resolve(0),
        events: () => Promise.resolve(0),
        last_agents: () => Promise.resolve(0),
        notes: () => Promise.resolve(0),
        pbx_events: () => Promise.resolve(0),
        snapshots: () => Promise.resolve(0),
        rule_plans: () => Promise.resolve(0),
      },
      now: () => NOW,
      log: openLog({ level: 'silent' }),
    })
    await opened.run(days)
  }
  return { left, forget }
}

onEachStore('forgetting with age', (engine) => {
  test('what is too old goes, each kind at its own age; what still runs stays', async (t) => {
    const { left, forget } = await newOldStore(t, engine, [1_200, 1_000, 91, 89, 1], 2)
    await forget({ ...RETENTION_DAYS })
    assert.deepEqual(await left(), { audit: [1_000, 91, 89, 1], imports: [2, 5], remarks: 14, runs: 2 })
    await forget({ ...RETENTION_DAYS, audit: 90, imports: null, renormalisations: 30, work: 1, sessions: 1 })
    assert.deepEqual(await left(), { audit: [89, 1], imports: [2, 5], remarks: 14, runs: 1 })
  })

  test('an import with more remarks than a transaction takes goes in several', async (t) => {
    const { left, forget } = await newOldStore(t, engine, [91], 1_001)
    await forget({ ...RETENTION_DAYS })
    assert.deepEqual(await left(), { audit: [91], imports: [0, 1], remarks: 1_001, runs: 0 })
  })

  test('a hub that is told to keep less forgets the rest by itself', async (t) => {
    const dataDir = await newDirectory(t)
    const place = { dataDir, ...(engine === 'postgres' ? { address: await newReadyAddress(t, engine) } : {}) }
    const first = await newHub(t, engine, place)
    await first.importBook('account,vip\r\nA1,maybe\r\n')
    await first.hub.close()
    const forgot = Promise.withResolvers<unknown>()
    const quiet = openLog({ level: 'silent' })
    const { ask } = await newHub(t, engine, {
      ...place,
      clock: { now: () => Date.now() + 31 * DAY },
      env: { CORDBOARD_RETENTION: 'imports=30' },
      log: {
        ...quiet,
        info: (message, fields) => void (/forgot/.test(message) && forgot.resolve(fields)),
      },
    })
    const counts = Object.entries((await forgot.promise) as object).filter(([, count]) => count !== 0)
    assert.deepEqual(counts, [['imports', 2]])
    assert.equal((await ask('GET', '/api/v1/imports')).json.total, 0)
  })
})
