import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { sql, type Kysely } from 'kysely'
import { migrationsFor } from '../server/migrations/migrations.ts'
import { migrate } from '../server/platform/database/migrate.ts'
import { openStore, type Store, type StoreAddress } from '../server/platform/database/store.ts'
import { openLog } from '../server/platform/log.ts'
import { addTask } from '../server/platform/work/add.ts'
import { openWork, type WorkTables } from '../server/platform/work/work.ts'
import { median } from './processes.ts'

/**
 * `npm run bench -- work [--tasks 5000] [--rounds 5] [--postgres URL] [--json]`
 *
 * Tasks that do nothing, claimed and completed by one hub that runs eight at once, against the barest loop there is on the same
 * table: eight of `UPDATE … SKIP LOCKED` (SQLite: `UPDATE`) and `DELETE`, without leases, keys, schedules and attempts. `--postgres` names an empty database.
 */
const { values } = parseArgs({
  options: {
    tasks: { type: 'string', default: '5000' },
    rounds: { type: 'string', default: '5' },
    postgres: { type: 'string' },
    json: { type: 'boolean' },
  },
})
const TASKS = Number(values.tasks)
const AT_ONCE = 8

async function fill(store: Store<WorkTables>, keyed: boolean): Promise<void> {
  for (let done = 0; done < TASKS; done += 500) {
    await store.transact(async (tx) => {
      for (let i = done; i < Math.min(TASKS, done + 500); i++)
        await addTask(tx as never, {
          tenantId: 1,
          kind: 'nothing',
          ...(keyed ? { key: `host ${i % 100}` } : {}),
        })
    })
  }
  if (store.engine === 'postgres') await sql`vacuum analyze work`.execute(store.write)
}

async function bare({ engine, write }: Store<WorkTables>): Promise<number> {
  const skip = engine === 'postgres' ? sql`for update skip locked` : sql``
  const started = performance.now()
  const loop = async (db: Kysely<WorkTables>) => {
    for (;;) {
      const claimed = await sql<{
        id: number
      }>`update work set lease_owner = 'bare', ready_at = ready_at + 30000
        where id = (select id from work where lease_owner is null and ready_at is not null order by ready_at limit 1 ${skip}) returning id`.execute(
        db,
      )
      const id = claimed.rows[0]?.id
      if (id === undefined) return
      await sql`delete from work where id = ${id}`.execute(db)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, () => loop(write)))
  return TASKS / ((performance.now() - started) / 1000)
}

async function ours(store: Store<WorkTables>): Promise<number> {
  const all = Promise.withResolvers<void>()
  let done = 0
  const work = openWork({
    store,
    log: openLog({ level: 'silent' }),
    atOnce: AT_ONCE,
    onOutcome: () => void (++done === TASKS && all.resolve()),
    onTrouble: all.reject,
  })
  work.handle({ kind: 'nothing', atOnce: AT_ONCE, run: async () => {} })
  const started = performance.now()
  await work.start(1)
  await all.promise
  const rate = TASKS / ((performance.now() - started) / 1000)
  await work.close()
  return rate
}

async function measure(address: StoreAddress) {
  const store = await openStore<WorkTables & { tenants: Record<string, unknown> }>({ address })
  await migrate(store.write as never, { migrations: migrationsFor(store.engine) })
  const flags = { match_tail: 0, match_switchboard: 0, active: 1, created_at: 0, updated_at: 0 }
  await store.write
    .insertInto('tenants')
    .values({ id: 1, name: 'Operator', ...flags })
    .execute()
  const runs: Record<
    string,
    { keyed: boolean; run: (on: Store<WorkTables>) => Promise<number>; rates: number[] }
  > = {
    'bare loop': { keyed: false, run: bare, rates: [] },
    work: { keyed: false, run: ours, rates: [] },
    'work, a hundred keys': { keyed: true, run: ours, rates: [] },
  }
  const narrow = store as unknown as Store<WorkTables>
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const one of Object.values(runs)) {
      await fill(narrow, one.keyed)
      one.rates.push(await one.run(narrow))
    }
  }
  await store.close()
  const baseline = median(runs['bare loop']?.rates ?? [])
  return Object.entries(runs).map(([name, { rates }]) => ({
    store: address.kind,
    name,
    'tasks/s': Math.round(median(rates)),
    ratio: Number((median(rates) / baseline).toFixed(2)),
  }))
}

const directory = await mkdtemp(join(tmpdir(), 'cordboard-bench-'))
try {
  const rows = await measure({ kind: 'sqlite', file: join(directory, 'cordboard.db') })
  if (values.postgres) rows.push(...(await measure({ kind: 'postgres', url: values.postgres })))
  if (values.json) process.stdout.write(`${JSON.stringify(rows)}\n`)
  else console.table(rows)
} finally {
  await rm(directory, { recursive: true, force: true })
}
