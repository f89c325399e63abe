import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { newHub } from '../../../test/hub.ts'
import { runCommand } from '../../../test/commands.ts'
import { newDirectory, newReadyAddress, onEachStore } from '../../../test/stores.ts'
import { until } from '../../../test/wire.ts'
import type { Engine } from '../../platform/database/engine.ts'
import { openStore, type StoreAddress } from '../../platform/database/store.ts'
import { addTask, type NewTask } from '../../platform/work/add.ts'
import type { WorkRow } from '../../platform/work/tables.ts'
import type { WorkTables } from '../../platform/work/work.ts'

/** A hub, and a store on which tasks can be added that it does not know how to do. */
async function newBusyHub(t: TestContext, engine: Engine) {
  const dataDir = await newDirectory(t)
  const address: StoreAddress =
    engine === 'sqlite'
      ? { kind: 'sqlite', file: join(dataDir, 'cordboard.db') }
      : await newReadyAddress(t, engine)
  const opened = await newHub(t, engine, { address, dataDir })
  const store = await openStore<WorkTables>({ address })
  t.after(() => store.close())
  const add = async (task: Omit<NewTask, 'tenantId'>, columns: Partial<WorkRow> = {}, tenantId = 1) => {
    const { value: id } = await store.transact((tx) => addTask(tx as never, { tenantId, ...task }))
    if (Object.keys(columns).length > 0)
      await store.write.updateTable('work').set(columns).where('id', '=', id).execute()
    return id
  }
  return { ...opened, add }
}
const DEAD = { ready_at: null, dead_at: 1, attempts: 10, last_error: 'Error: 500', failed_at: 1 }

onEachStore('/api/v1/work', (engine) => {
  test('tasks are listed by kind and state, with who runs them and what went wrong', async (t) => {
    const { ask, add } = await newBusyHub(t, engine)
    const dead = await add({ kind: 'webhook', payload: { call: 5 }, key: 'hook 1' }, DEAD)
    await add({ kind: 'webhook', unique: 'later', afterMs: 3_600_000 })
    const running = await add({ kind: 'sync' }, { lease_owner: 'hub 9', ready_at: 9_000_000_000_000 })
    const ids = async (query: string) =>
      (await ask('GET', `/api/v1/work?${query}`)).json.data.map(({ id }: { id: number }) => id)
    assert.deepEqual(await ids('filter[state]=dead'), [dead])
    assert.deepEqual(await ids('filter[kind]=sync'), [running])
    assert.deepEqual(await ids('filter[kind]=webhook&filter[state]=due'), [])
    assert.equal((await ids('filter[kind]=webhook&filter[state]=waiting')).length, 1)
    const { json } = await ask('GET', `/api/v1/work/${running}`)
    assert.deepEqual(
      [json.state, json.lease],
      ['running', { owner: 'hub 9', until: '2255-03-14T16:00:00.000Z' }],
    )
    const one = (await ask('GET', `/api/v1/work/${dead}`)).json
    assert.deepEqual(
      [one.state, one.payload, one.key, one.attempts, one.last_error, one.next_attempt_at],
      ['dead', { call: 5 }, 'hook 1', 10, 'Error: 500', null],
    )
    assert.equal((await ask('GET', '/api/v1/work?filter[state]=lost')).status, 422)
  })

  test('a dead task is redriven or forgotten, one that is not dead is neither', async (t) => {
    const { ask, add } = await newBusyHub(t, engine)
    const [first, second] = [await add({ kind: 'webhook' }, DEAD), await add({ kind: 'webhook' }, DEAD)]
    const alive = await add({ kind: 'webhook' })
    const key = { headers: { 'idempotency-key': 'once' } }
    const redriven = await ask('POST', `/api/v1/work/${first}/redrive`, key)
    assert.deepEqual([redriven.status, redriven.json.state, redriven.json.attempts], [200, 'due', 0])
    const repeated = await ask('POST', `/api/v1/work/${first}/redrive`, key)
    assert.equal(repeated.text, redriven.text, 'a repeated request is answered as the first')
    for (const [method, path] of [
      ['POST', `${first}/redrive`],
      ['POST', `${alive}/redrive`],
      ['DELETE', alive],
    ] as const) {
      const refused = await ask(method, `/api/v1/work/${path}`)
      assert.deepEqual([refused.status, refused.json.code], [409, 'conflict'], `${method} ${path}`)
    }
    const stale = await ask('DELETE', `/api/v1/work/${second}`, { headers: { 'if-match': '"other"' } })
    assert.equal(stale.status, 412)
    const etag = (await ask('GET', `/api/v1/work/${second}`)).headers.get('etag') ?? ''
    const gone = await ask('DELETE', `/api/v1/work/${second}`, { headers: { 'if-match': etag } })
    assert.equal(gone.status, 204)
    assert.equal((await ask('GET', `/api/v1/work/${second}`)).status, 404)
  })

  test('a tenant sees and redrives its own tasks only; those of the hub are the operator’s', async (t) => {
    const { ask, add } = await newBusyHub(t, engine)
    const { json: child } = await ask('POST', '/api/v1/tenants', { body: { name: 'Child' } })
    const inChild = { 'cordboard-tenant': String(child.id) }
    const { json: made } = await ask('POST', '/api/v1/tokens', {
      body: { name: 'a', scopes: ['admin'] },
      headers: inChild,
    })
    const mine = await add({ kind: 'webhook' }, DEAD, child.id)
    const other = await add({ kind: 'webhook' }, DEAD)
    const { token } = made
    const listed = await ask('GET', '/api/v1/work', { token })
    assert.deepEqual(
      listed.json.data.map(({ id }: { id: number }) => id),
      [mine],
    )
    for (const [method, path] of [
      ['GET', other],
      ['POST', `${other}/redrive`],
      ['DELETE', other],
    ] as const)
      assert.equal((await ask(method, `/api/v1/work/${path}`, { token })).status, 404)
    assert.equal((await ask('POST', `/api/v1/work/${mine}/redrive`, { token })).status, 200)
    const ofHub = await ask('GET', '/api/v1/work?sort=kind')
    const kinds = ofHub.json.data.map(({ kind }: { kind: string }) => kind)
    assert.deepEqual(kinds, [
      'pbx_call_logs',
      'pbx_maps',
      'pbx_snapshots',
      'profile_calendars',
      'prune',
      'retention',
      'webhook',
    ])
  })

  test('upkeep runs once for all hubs on one store, and the metrics tell of it', async (t) => {
    const { ask, add } = await newBusyHub(t, engine)
    await add({ kind: 'webhook' }, DEAD)
    for (const [kind, every_seconds] of [
      ['prune', 3_600],
      ['retention', 86_400],
    ]) {
      const path = `/api/v1/work?filter[kind]=${kind}&filter[state]=waiting`
      await until('it ran and waits for its next time', async () => (await ask('GET', path)).json.total === 1)
      assert.deepEqual((await ask('GET', path)).json.data[0].schedule, { every_seconds })
    }
    await until('counted', async () => /^cordboard_work_dead 1$/m.test((await ask('GET', '/metrics')).text))
    const { text } = await ask('GET', '/metrics')
    assert.match(text, /^cordboard_work_ended_total\{kind="retention",outcome="done"\} 1$/m)
  })

  test('cordboard work lists what there is and redrives what is dead', async (t) => {
    const { hub, add } = await newBusyHub(t, engine)
    const dead = await add({ kind: 'webhook' }, DEAD)
    const env = {
      ...process.env,
      CORDBOARD_URL: hub.url,
      CORDBOARD_TOKEN: 'test-admin-token-of-forty-characters-000',
      CORDBOARD_DATA_DIR: await newDirectory(t),
    }
    const listed = await runCommand(t, ['work', 'list', '--state', 'dead'], env)
    assert.match(listed.said, new RegExp(`^${dead}\twebhook\tdead\t.*\t10 attempts\tError: 500\n$`))
    const redriven = await runCommand(t, ['work', 'redrive', String(dead)], env)
    assert.deepEqual([redriven.code, redriven.said.split('\t')[2]], [0, 'due'])
    const refused = await runCommand(t, ['work', 'redrive', String(dead)], env)
    assert.deepEqual([refused.code, /not dead/.test(refused.said)], [1, true])
  })
})
