import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openSimulator } from '../pbx-simulator/simulator.ts'
import { environmentOf } from './commands.ts'
import { kill, start } from './hub-process.ts'
import { settingsFor } from './pbx-behind.ts'
import { post } from './pbx-fleet.ts'
import { newDirectory, newReadyAddress, onEachStore } from './stores.ts'
import { newMasterKey } from './vault.ts'

const HUBS = 3

onEachStore('several hub processes and one PBX', (engine) => {
  if (engine === 'sqlite') return

  test('they use one token: nobody fetches a second, which would end the first', async (t) => {
    const simulator = await openSimulator({ port: 0 })
    t.after(() => simulator.close())
    const address = await newReadyAddress(t, engine)
    const CORDBOARD_SECRET_KEY = newMasterKey()
    const newProcess = async () => {
      const process = await start({
        ...environmentOf(address, await newDirectory(t)),
        CORDBOARD_SECRET_KEY,
      })
      t.after(() => kill(process.hub))
      return process.ask
    }
    const first = await newProcess()
    const host = await post(first, 'pbx3cx-hosts', settingsFor(simulator))
    const hubs = [first]
    while (hubs.length < HUBS) hubs.push(await newProcess())

    const path = `/api/v1/pbx3cx/${host.code}/xapi/ListParking`
    const calls = hubs.flatMap((ask) => Array.from({ length: 4 }, () => ask('POST', path, { body: {} })))
    for (const { status, text } of await Promise.all(calls)) assert.equal(status, 200, text)
    const heard = simulator.requests.list()
    assert.equal(heard.filter((request) => request.path === '/connect/token').length, 1)
    assert.deepEqual([...new Set(heard.map(({ status }) => status))], [200])
  })
})
