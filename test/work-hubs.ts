import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { migrationsFor } from '../server/migrations/migrations.ts'
import type { Engine } from '../server/platform/database/engine.ts'
import { migrate } from '../server/platform/database/migrate.ts'
import { openStore, type Store, type StoreAddress } from '../server/platform/database/store.ts'
import { openLog } from '../server/platform/log.ts'
import type { WorkRow, WorkTable } from '../server/platform/work/tables.ts'
import { openWork, type Work, type WorkOptions, type WorkTables } from '../server/platform/work/work.ts'
import { newReadyAddress } from './stores.ts'

type Tenants = { tenants: Record<string, unknown> }
type Meta = { meta: { name: string; value: string } }
export type WorkStore = Store<WorkTables & Meta>
export type WorkHub = { work: Work; store: WorkStore }

/** A store with one tenant, and hubs on it: each with its own handle on the store, as if it were a process of its own. */
export type WorkPlace = {
  address: StoreAddress
  store: WorkStore
  tenantId: number
  /** Opens a hub; `prepare` names its handlers before it starts. */
  hub(prepare: (work: Work, hub: WorkHub) => void, options?: Partial<WorkOptions>): Promise<WorkHub>
  rows(): Promise<WorkRow[]>
  /** Changes rows behind the hubs' backs: all, or those that were claimed so often. */
  set(columns: Partial<{ [Name in keyof WorkTable]: unknown }>, claims?: number): Promise<unknown>
}

const complain = (error: unknown) => void process.stderr.write(`${String(error)}\n`)

export async function newWorkPlace(t: TestContext, engine: Engine): Promise<WorkPlace> {
  const closers: (() => Promise<void>)[] = []
  t.after(async () => {
    while (closers.length > 0) await closers.pop()?.()
  })
  const address = await newReadyAddress(t, engine)
  const open = async () => {
    const store = await openStore<WorkTables & Meta & Tenants>({ address })
    closers.push(store.close)
    return store
  }
  const store = await open()
  await migrate(store.write as never, { migrations: migrationsFor(engine) })
  const flags = { match_tail: 0, match_switchboard: 0, active: 1, created_at: 0, updated_at: 0 }
  await store.write
    .insertInto('tenants')
    .values({ id: 1, name: 'Operator', ...flags })
    .execute()
  return {
    address,
    store: store as unknown as WorkStore,
    tenantId: 1,
    async hub(prepare, options = {}) {
      const own = (await open()) as unknown as WorkStore
      const log = openLog({ level: 'silent' })
      const given = {
        store: own as never,
        log,
        onTrouble: complain,
        pollMs: 20,
        closeMs: 60_000,
        ...options,
      }
      const work = openWork(given)
      const hub = { work, store: own }
      prepare(work, hub)
      await work.start(1)
      closers.push(work.close)
      return hub
    },
    rows: () => store.read.selectFrom('work').selectAll().orderBy('id').execute(),
    set: (columns, claims) =>
      store.write
        .updateTable('work')
        .set(columns as never)
        .$if(claims !== undefined, (rows) => rows.where('claims', '=', claims ?? 0))
        .execute(),
  }
}

/** Long enough that no machine is too slow to renew it, a third of it the time between two renewals. */
export const LEASE_MS = 4_500

/**
 * A hub in a process of its own, that begins tasks of the kind `hang` and never ends them; its clock may be wrong by so much (ms).
 * `said` answers each line it prints: `ready`, then `begun ID`.
 */
export function startWorkProcess(
  t: TestContext,
  address: StoreAddress,
  wrongBy = 0,
): { child: ChildProcess; said: AsyncIterator<string> } {
  const clock = `const now = Date.now; Date.now = () => now() + ${wrongBy}`
  const file = fileURLToPath(new URL('./work-process.ts', import.meta.url))
  const args = [
    '--import',
    `data:text/javascript,${encodeURIComponent(clock)}`,
    file,
    JSON.stringify(address),
  ]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  return { child, said: createInterface({ input: child.stdout })[Symbol.asyncIterator]() }
}
