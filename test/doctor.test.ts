import assert from 'node:assert/strict'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
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
