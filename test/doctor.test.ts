import assert from 'node:assert/strict'
import { chmod, mkdir, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { openStore } from '../server/platform/database/store.ts'
import type { KeyringTables } from '../server/platform/keyring.ts'
import { environmentOf, runCommand } from './commands.ts'
import { newHub } from './hub.ts'
import { newDirectory, newStoreAddress, onEachStore } from './stores.ts'

onEachStore('doctor', (engine) => {
  test('finds a running hub healthy, and says what fails once it is stopped', async (t) => {
    const address = await newStoreAddress(t, engine)
    const dataDir = address.kind === 'sqlite' ? dirname(address.file) : await newDirectory(t)
    const { hub } = await newHub(t, engine, { address, dataDir })
    const env = { ...environmentOf(address, dataDir), CORDBOARD_URL: hub.url }
    const well = await runCommand(t, ['doctor', '--json'], env)
    assert.equal(well.code, 0, well.said)
    const states = Object.fromEntries(
      JSON.parse(well.said).map((one: { check: string; state: string }) => [one.check, one.state]),
    )
    assert.equal(states['store'], 'ok')
    assert.equal(states['hub'], 'ok')
    assert.equal(states['clock'], engine === 'postgres' ? 'ok' : undefined)
    assert.equal(states['secret key'], engine === 'postgres' ? 'warn' : 'ok')

    const stranger = await runCommand(t, ['doctor'], { ...env, CORDBOARD_TOKEN: 'cb_nobody' })
    assert.equal(stranger.code, 1)
    assert.match(stranger.said, /^FAIL +hub .*401/m)
    await hub.close()
    await chmod(dataDir, 0o755)
    const stopped = await runCommand(t, ['doctor'], env)
    assert.equal(stopped.code, 1)
    assert.match(stopped.said, /^FAIL +hub +No hub answers/m)
    assert.match(stopped.said, /^warn +data directory .*chmod 700/m)
  })
})

test('doctor knows the key file: whether it is there, the right one, and for nobody else to read', async (t) => {
  const address = await newStoreAddress(t, 'sqlite')
  if (address.kind !== 'sqlite') throw new Error('another engine than asked for')
  const dataDir = dirname(address.file)
  const { hub } = await newHub(t, 'sqlite', { address, dataDir })
  const file = join(dataDir, 'secret.key')
  const env = { ...environmentOf(address, dataDir), CORDBOARD_URL: hub.url }
  const keyLine = async (more: Record<string, string> = {}) =>
    (await runCommand(t, ['doctor'], { ...env, ...more })).said
      .split('\n')
      .find((line) => line.includes('secret key'))
  assert.match((await keyLine()) ?? '', /^ok .*None yet/)
  const store = await openStore<KeyringTables>({ address })
  t.after(() => store.close())
  const place = { tenantId: hub.operatorTenantId, table: 'tenants', rowId: 1, column: 'name' }
  await store.transact((tx) => hub.keyring.seal(tx, place, 'a secret'))
  assert.match((await keyLine()) ?? '', /^ok .*secret\.key\. No backup holds it/)
  assert.match(
    (await keyLine({ CORDBOARD_SECRET_KEY: 'another key of more than thirty-two' })) ?? '',
    /^FAIL .*is not the key/,
  )
  await chmod(file, 0o644)
  assert.match((await keyLine()) ?? '', /^warn .*chmod 600/)
  assert.equal((await stat(file)).mode & 0o777, 0o644, 'it changes nothing')
  await writeFile(file, 'no key at all')
  assert.match((await keyLine()) ?? '', /^FAIL .*is not the key/)
  await rm(file)
  assert.match((await keyLine()) ?? '', /^FAIL .*put secret\.key back/)
})

test('doctor names a store that is no store, one out of reach and a configuration that cannot be read', async (t) => {
  const dataDir = join(await newDirectory(t), 'data')
  await mkdir(dataDir, { mode: 0o700 })
  const file = join(dataDir, 'cordboard.db')
  await writeFile(file, 'this is no database, however long one looks at it'.repeat(100))
  const env = environmentOf({ kind: 'sqlite', file }, dataDir)
  const broken = await runCommand(t, ['doctor'], env)
  assert.equal(broken.code, 1)
  assert.match(broken.said, /^FAIL +store /m)
  const url = 'postgres://cordboard:open-sesame@127.0.0.1:1/nowhere'
  const away = await runCommand(t, ['doctor'], { ...env, DATABASE_URL: url })
  assert.match(away.said, /^FAIL +store .*cannot be reached/m)
  assert.doesNotMatch(away.said, /open-sesame/)
  const unread = await runCommand(t, ['doctor'], { ...env, CORDBOARD_PORT: 'many' })
  assert.equal(unread.code, 1)
  assert.match(unread.said, /^FAIL +configuration +CORDBOARD_PORT/m)
})
