import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newSimulator } from '../../test/simulated-pbx.ts'
import { openXapi } from '../../xapi/xapi.ts'
import { probeResources, RESOURCES } from './resource-probes.ts'

test('a PBX that never answers is not waited for: what was asked and what was not reached say so', async (t) => {
  const { simulator } = await newSimulator(t)
  const { url, clientId, clientSecret } = simulator
  const pbx = openXapi({ url, clientId, clientSecret })
  t.after(() => pbx.close())
  await pbx.operations()
  simulator.faults.set('hang')
  const { token, resources } = await probeResources(pbx, { oneMs: 20, allMs: 50 })
  assert.deepEqual([token.able, token.reason], [false, 'It did not answer in time.'])
  assert.deepEqual(Object.keys(resources), RESOURCES)
  assert.deepEqual(resources['call_control'], {
    able: null,
    reason: 'The time for this test was over before.',
    found: null,
  })
  simulator.faults.clear()
})

test('one thing that hangs takes the others their time but not their answers', async (t) => {
  const { simulator } = await newSimulator(t)
  const { url, clientId, clientSecret } = simulator
  const pbx = openXapi({ url, clientId, clientSecret })
  t.after(() => pbx.close())
  await pbx.operations()
  simulator.faults.set('hang@SystemStatus')
  const { token, resources } = await probeResources(pbx, { oneMs: 1_000, allMs: 30_000 })
  assert.equal(token.able, true)
  assert.deepEqual(
    RESOURCES.filter((name) => resources[name]?.able !== true),
    ['system_status'],
  )
  simulator.faults.clear()
})
