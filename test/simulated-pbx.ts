import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { openSimulator, type Simulator, type SimulatorOptions } from '../pbx-simulator/simulator.ts'
import type { Ask, Json } from './hub.ts'
import { post } from './pbx-fleet.ts'
import { openStore, type StoreAddress } from '../server/platform/database/store.ts'
import { newDirectory, newReadyAddress } from './stores.ts'
import type { Engine } from '../server/platform/database/engine.ts'
import type { WorkTables } from '../server/platform/work/work.ts'

/** A pretended PBX, and the fields of a host that lead to it. */
export async function newSimulator(
  t: TestContext,
  options: SimulatorOptions = {},
): Promise<{ simulator: Simulator; fields: Json }> {
  const simulator = await openSimulator({ port: 0, world: 'small', ...options })
  t.after(() => simulator.close())
  const fields = {
    host_name: 'localhost',
    xapi_url: simulator.url,
    xapi_client_id: simulator.clientId,
    xapi_client_secret: simulator.clientSecret,
  }
  return { simulator, fields }
}

/** The same with a host for it. */
export async function newSimulatedHost(
  t: TestContext,
  ask: Ask,
  { options = {}, more = {} }: { options?: SimulatorOptions; more?: Json } = {},
): Promise<{ simulator: Simulator; id: number; code: string }> {
  const { simulator, fields } = await newSimulator(t, options)
  const { id, code } = await post(ask, 'pbx3cx-hosts', { ...fields, ...more })
  return { simulator, id, code }
}

/** Looks again until there is something. */
export async function until<T>(look: () => Promise<T | null | undefined | false>): Promise<T> {
  for (;;) {
    const found = await look()
    if (found) return found
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** Brings the next moment of what waits forward to now; what is done by a schedule, once it is not being done already. */
export async function makeDue(t: TestContext, address: StoreAddress, kind: string): Promise<void> {
  const store = await openStore<WorkTables>({ address })
  t.after(() => store.close())
  const isPlannedAndRuns = async () => {
    const rows = await store.read.selectFrom('work').selectAll().where('kind', '=', kind).execute()
    return rows.some((row) => row.schedule !== null && row.lease_owner !== null)
  }
  await until(async () => !(await isPlannedAndRuns()))
  const now = Date.now() - 1_000
  await store.write
    .updateTable('work')
    .set({ due_at: now, ready_at: now })
    .where('kind', '=', kind)
    .where('lease_owner', 'is', null)
    .where('ready_at', 'is not', null)
    .execute()
}

/** Where a hub keeps everything, for who looks at its store beside it. */
export async function newPlace(
  t: TestContext,
  engine: Engine,
): Promise<{ dataDir: string; address: StoreAddress }> {
  const dataDir = await newDirectory(t)
  const file = join(dataDir, 'cordboard.db')
  return {
    dataDir,
    address: engine === 'sqlite' ? { kind: 'sqlite', file } : await newReadyAddress(t, engine),
  }
}
