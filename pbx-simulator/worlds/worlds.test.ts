import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { openClient } from '../test-client.ts'
import type { SimulatorOptions } from '../simulator.ts'

const LISTS = [
  '/Users?$expand=Groups,ForwardingProfiles',
  '/Groups?$expand=Members',
  '/Queues?$expand=Agents',
  '/Trunks',
  '/InboundRules?$expand=TrunkDN',
  '/Contacts',
  '/Recordings',
  '/CallHistoryView',
  '/EventLogs',
]

/** Everything a world shows of itself, as one text. */
async function portrait(t: TestContext, options: SimulatorOptions): Promise<string> {
  const { list, simulator } = await openClient(t, {
    now: Date.parse('2026-03-04T09:00:00Z'),
    isClockStopped: true,
    ...options,
  })
  const rows = await Promise.all(LISTS.map(list))
  return JSON.stringify([rows, simulator.pbx.store.rows('call log'), simulator.clientSecret])
}

for (const world of ['small', 'clinic', 'fleet-60']) {
  test(`the world ${world} is the same for the same seed, and another for another`, async (t) => {
    const first = await portrait(t, { world, seed: 'a' })
    assert.equal(await portrait(t, { world, seed: 'a' }), first)
    assert.notEqual(await portrait(t, { world, seed: 'b' }), first)
  })
}

test('times of a world lie before its own now', async (t) => {
  const { list } = await openClient(t, { now: Date.parse('2020-01-10T00:00:00Z'), isClockStopped: true })
  const starts = (await list('/CallHistoryView')).map((row) => String(row.SegmentStartTime))
  assert.ok(starts.length > 30)
  assert.ok(starts.every((start) => start < '2020-01-10' && start > '2020-01-02'))
})

test('a fleet has a telephone number for each of its extensions', async (t) => {
  const { ask } = await openClient(t, { world: 'fleet-1200' })
  for (const set of ['Users', 'DidNumbers', 'InboundRules'])
    assert.equal((await ask('GET', `/xapi/v1/${set}?$count=true&$top=1`)).json['@odata.count'], 1200, set)
  assert.equal((await ask('GET', '/xapi/v1/Trunks?$count=true')).json['@odata.count'], 3)
})

test('a world nobody knows is refused by name', async (t) => {
  await assert.rejects(openClient(t, { world: 'atlantis' }), /no world "atlantis"/)
  await assert.rejects(openClient(t, { world: 'fleet-0' }), /no world/)
})
