import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ADMIN_TOKEN, newHub, type Json, type TestHub } from '../../../test/hub.ts'
import { newDirectory, newReadyAddress, onEachStore } from '../../../test/stores.ts'
import { newMasterKey, openVault, vaultMigration, type Vault, type VaultPlace } from '../../../test/vault.ts'
import type { Engine } from '../../platform/database/engine.ts'
import { openLog } from '../../platform/log.ts'

const CLI = fileURLToPath(new URL('../../../cli/main.ts', import.meta.url))

async function newPlace(t: TestContext, engine: Engine): Promise<VaultPlace> {
  const dataDirectory = await newDirectory(t)
  // A hub keeps its SQLite store in its data directory.
  const file = join(dataDirectory, 'cordboard.db')
  const address = engine === 'sqlite' ? { kind: engine, file } : await newReadyAddress(t, engine)
  return { address, dataDirectory }
}

function hubAt(t: TestContext, engine: Engine, place: VaultPlace, env: Record<string, string>, more = {}) {
  return newHub(t, engine, { address: place.address, dataDir: place.dataDirectory, env, ...more })
}

/** A table with secrets beside a running hub, as one of its rooms would have it. */
async function vaultBeside(
  t: TestContext,
  hub: TestHub,
  place: VaultPlace,
  secretKey: string,
): Promise<Vault> {
  const vault = await openVault(t, place, { secretKey })
  await vaultMigration(vault.store.engine).up(vault.store.write as never)
  for (const column of ['secret', 'other']) hub.hub.keyring.register({ table: 'vault', column })
  return vault
}

async function cordboard(args: string[], env: NodeJS.ProcessEnv): Promise<{ code: number; said: string }> {
  const outcome = await promisify(execFile)(process.execPath, [CLI, ...args], {
    env: { ...process.env, DATABASE_URL: '', ...env },
  }).catch((error: { code: number; stdout: string; stderr: string }) => error)
  return { code: 'code' in outcome ? outcome.code : 0, said: outcome.stdout + outcome.stderr }
}

onEachStore('/api/v1/keys', (engine) => {
  test('the operator sees what each key protects, replaces the key, and the audit names who did', async (t) => {
    const place = await newPlace(t, engine)
    const secretKey = newMasterKey()
    const hub = await hubAt(t, engine, place, { CORDBOARD_SECRET_KEY: secretKey })
    const vault = await vaultBeside(t, hub, place, secretKey)
    assert.deepEqual((await hub.ask('GET', '/api/v1/keys')).json.data, [])
    const ids = [await vault.put('one'), await vault.put('two'), await vault.put('three')]
    const [before] = (await hub.ask('GET', '/api/v1/keys')).json.data
    assert.deepEqual([before.state, before.values, before.retired_at], ['current', 3, null])

    const rotated = await hub.ask('POST', '/api/v1/keys/rotate')
    assert.equal(rotated.status, 200, rotated.text)
    const { key, ...done } = rotated.json
    assert.deepEqual(done, { retired: [before.id], rewritten: 3, unreadable: 0, finished: true })
    const { data } = (await hub.ask('GET', '/api/v1/keys')).json
    const byId = Object.fromEntries(data.map((one: Json) => [one.id, one]))
    assert.deepEqual([byId[key].state, byId[key].values], ['current', 3])
    assert.deepEqual([byId[before.id].state, byId[before.id].values], ['retired', 0])
    assert.ok(Date.parse(byId[before.id].retired_at) >= Date.parse(before.created_at))
    assert.equal(await vault.get(ids[1]!), 'two')

    const audit = await vault.store.read
      .selectFrom('audit')
      .selectAll()
      .where('entity', '=', 'secret_key')
      .orderBy('id')
      .execute()
    assert.deepEqual(
      audit.map((one) => [one.action, one.actor_kind, one.actor_name]),
      [
        ['create', 'system', 'keyring'],
        ['create', 'token', 'bootstrap'],
        ['update', 'token', 'bootstrap'],
      ],
    )
  })

  test('an admin of another tenant is refused', async (t) => {
    const { ask } = await newHub(t, engine, { env: { CORDBOARD_SECRET_KEY: newMasterKey() } })
    const { json: child } = await ask('POST', '/api/v1/tenants', { body: { name: 'Child', country: 'FR' } })
    const headers = { 'cordboard-tenant': String(child.id) }
    const made = await ask('POST', '/api/v1/tokens', { body: { name: 'a', scopes: ['admin'] }, headers })
    for (const [method, path] of [
      ['GET', '/api/v1/keys'],
      ['POST', '/api/v1/keys/rotate'],
    ] as const) {
      const refused = await ask(method, path, { token: made.json.token })
      assert.deepEqual([refused.status, refused.json.code], [403, 'forbidden'], path)
    }
    assert.deepEqual((await ask('GET', '/api/v1/keys')).json.data, [])
  })

  test('without a key the hub works and says in its readiness what secrets would need', async (t) => {
    const { ask } = await newHub(t, engine)
    const ready = (await ask('GET', '/health/ready')).json
    assert.equal(ready.status, 'ready')
    assert.equal(ready.secrets, engine === 'postgres' ? 'key_required' : 'available')
    if (engine === 'sqlite') return
    const refused = await ask('POST', '/api/v1/keys/rotate')
    assert.deepEqual([refused.status, refused.json.code], [503, 'secret_key_required'])
    assert.match(refused.json.message, /set CORDBOARD_SECRET_KEY/)
  })

  test('a hub with a wrong key answers lookups, says what is wrong, and a start with the right one heals it', async (t) => {
    const place = await newPlace(t, engine)
    const secretKey = newMasterKey()
    const right = await hubAt(t, engine, place, { CORDBOARD_SECRET_KEY: secretKey })
    const vault = await vaultBeside(t, right, place, secretKey)
    const id = await vault.put('hunter2')
    await right.importBook('customer_account,customer_name,customer_phone\nCL1,One,0199000001\n')
    await right.hub.close()

    const lines: string[] = []
    const log = openLog({ level: 'info', destination: { write: (line: string) => void lines.push(line) } })
    const wrong = await hubAt(t, engine, place, { CORDBOARD_SECRET_KEY: newMasterKey() }, { log })
    const question = '/api/isKnownPhoneNumber?number=0199000001&format=raw'
    assert.equal((await wrong.ask('GET', question)).text, '1')
    const ready = (await wrong.ask('GET', '/health/ready')).json
    assert.deepEqual([ready.status, ready.secrets], ['ready', 'key_wrong'])
    assert.match(lines.join(''), /"level":"error".*not the one under which secrets are stored here/)
    const refused = await wrong.ask('POST', '/api/v1/keys/rotate')
    assert.deepEqual([refused.status, refused.json.code], [503, 'secret_key_wrong'])
    assert.equal((await wrong.ask('GET', '/api/v1/keys')).json.total, 1)
    await wrong.hub.close()

    const healed = await hubAt(t, engine, place, { CORDBOARD_SECRET_KEY: secretKey })
    assert.equal((await healed.ask('GET', '/health/ready')).json.secrets, 'available')
    assert.equal(await vault.get(id), 'hunter2')
  })

  test('the command line lists, rotates and rewraps, and a hub started with both keys rewraps by itself', async (t) => {
    const place = await newPlace(t, engine)
    const [first, second, third] = [newMasterKey(), newMasterKey(), newMasterKey()]
    const hub = await hubAt(t, engine, place, { CORDBOARD_SECRET_KEY: first })
    const vault = await vaultBeside(t, hub, place, first)
    const id = await vault.put('hunter2')
    const client = { CORDBOARD_URL: hub.hub.url, CORDBOARD_TOKEN: ADMIN_TOKEN }
    assert.match((await cordboard(['keys'], client)).said, /^[a-z]{16}\tcurrent\t1 value\tsince \S+\n$/)
    const rotated = await cordboard(['keys', 'rotate'], client)
    assert.deepEqual(
      [rotated.code, rotated.said.endsWith('current, 1 sealed anew.\n')],
      [0, true],
      rotated.said,
    )
    assert.match((await cordboard(['keys', 'list'], client)).said, /retired\t0 values\tsince \S+\tuntil \S+/)
    await hub.hub.close()

    const store: NodeJS.ProcessEnv = {
      CORDBOARD_DATA_DIR: place.dataDirectory,
      ...(place.address.kind === 'postgres' ? { DATABASE_URL: place.address.url } : {}),
    }
    const unset = await cordboard(['keys', 'rewrap'], store)
    assert.deepEqual([unset.code, /CORDBOARD_SECRET_KEY_OLD/.test(unset.said)], [1, true], unset.said)
    const change = { CORDBOARD_SECRET_KEY: second, CORDBOARD_SECRET_KEY_OLD: first }
    const wrapped = await cordboard(['keys', 'rewrap'], { ...store, ...change })
    assert.match(wrapped.said, /^2 data keys are wrapped under the new master key/)
    const again = await cordboard(['keys', 'rewrap'], { ...store, ...change })
    assert.match(again.said, /^Nothing to do/)
    const lost = { CORDBOARD_SECRET_KEY: third, CORDBOARD_SECRET_KEY_OLD: newMasterKey() }
    const refused = await cordboard(['keys', 'rewrap'], { ...store, ...lost })
    assert.equal(refused.code, 1)
    assert.match(refused.said, /^The key is not the one under which secrets are stored here/)
    const env = { CORDBOARD_SECRET_KEY: third, CORDBOARD_SECRET_KEY_OLD: second }
    const changed = await hubAt(t, engine, place, env)
    assert.equal((await changed.ask('GET', '/health/ready')).json.secrets, 'available')
    await changed.hub.close()
    const settled = await openVault(t, place, { secretKey: third })
    assert.equal(await settled.get(id), 'hunter2')
  })
})
