import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openSimulator } from '../pbx-simulator/simulator.ts'
import { kill, start } from './hub-process.ts'
import { ADMIN_TOKEN, type Json } from './hub.ts'
import { seeded } from './many-requests.ts'
import { settingsFor, told } from './pbx-behind.ts'
import { post } from './pbx-fleet.ts'
import { until } from './simulated-pbx.ts'
import { newDirectory } from './stores.ts'

/** 500 by hand (`CORDBOARD_TEST_RULES=500`); a few on every run. */
const CHANGES = Number(process.env['CORDBOARD_TEST_RULES'] ?? 40)
const KILLS = 1
const THIRD = Math.ceil(CHANGES / 3)
const FAULTS = ['droppedx1@InboundRules', 'lostx1@InboundRules', '500x1@InboundRules'] as const

const rule = (fields: Json) => `  - ${JSON.stringify(fields)}\n`
const contents = (rows: readonly Json[]) =>
  rows
    .map(({ Id: _id, ...rest }) => structuredClone(rest))
    .sort((a, b) => (`${a.Condition} ${a.Data}` < `${b.Condition} ${b.Data}` ? -1 : 1))

test(`a plan of ${CHANGES} changes, cut off again and again, ends as planned with nothing doubled; undone, as before`, async (t) => {
  const simulator = await openSimulator({
    port: 0,
    world: `fleet-${THIRD * 2}`,
    instant: true,
    tokenSeconds: 2,
  })
  t.after(() => simulator.close())
  const random = seeded(11)
  const environment = {
    CORDBOARD_DATA_DIR: await newDirectory(t),
    CORDBOARD_ADMIN_TOKEN: ADMIN_TOKEN,
    CORDBOARD_COUNTRY: 'FR',
    DATABASE_URL: '',
  }
  let running = await start(environment)
  t.after(() => running.hub.kill('SIGKILL'))
  const ask = (...asked: Parameters<typeof running.ask>) => running.ask(...asked)
  const host = await post(ask, 'pbx3cx-hosts', settingsFor(simulator))
  const path = `/api/v1/pbx3cx/${host.id}/inbound-rules`
  const rows = () => simulator.pbx.store.rows('InboundRules') as Json[]
  const before = contents(rows())

  const untouched = rows().slice(0, THIRD)
  const trunk = untouched[0].TrunkDN.Number
  const file = [
    'rules:\n',
    ...untouched.map((one) =>
      rule({
        rule_name: `${one.RuleName} at night`,
        condition: 'BasedOnDID',
        data: one.Data,
        trunk,
        office_hours_destination: 'Queue 8000',
      }),
    ),
    ...Array.from({ length: THIRD }, (_, at) =>
      rule({
        rule_name: `Caller ${at}`,
        condition: 'BasedOnCallerID',
        data: `+3620${1000 + at}`,
        trunk,
        office_hours_destination: 'None',
      }),
    ),
  ].join('')
  const plan = async () =>
    told(await ask('POST', `${path}/plans`, { body: file, type: 'application/yaml' }), 201)

  /** Applies a plan amid whatever happens; each disturbance comes some requests after the last one. */
  const applyAmidTrouble = async (id: number): Promise<void> => {
    let kills = 0
    for (;;) {
      const state = await ask('GET', `${path}/plans/${id}`)
      if (state.json.state === 'applied') return
      if (state.json.state !== 'applying') await ask('POST', `${path}/plans/${id}/apply`)
      const seen = simulator.requests.list().length
      const next = seen + 5 + Math.floor(random() * 25)
      const { over: isOver } = await until(async () => {
        const { json } = await ask('GET', `${path}/plans/${id}`)
        return simulator.requests.list().length >= next || json.state !== 'applying'
          ? { over: json.state !== 'applying' }
          : null
      })
      simulator.requests.clear()
      if (isOver) continue
      simulator.faults.set(FAULTS[Math.floor(random() * FAULTS.length)] ?? 'lostx1@InboundRules')
      if (kills < KILLS && random() < 0.4) {
        kills += 1
        await kill(running.hub)
        running = await start(environment)
      }
    }
  }

  const made = await plan()
  assert.deepEqual([made.changed, made.added, made.removed], [THIRD, THIRD, THIRD])
  await applyAmidTrouble(made.id)
  simulator.faults.clear()
  const again = await plan()
  assert.deepEqual([again.steps, again.moves], [[], []])
  const names = rows().map(({ Condition, Data }) => `${Condition} ${Data}`)
  assert.deepEqual([names.length, new Set(names).size], [2 * THIRD, 2 * THIRD])

  const back = told(await ask('POST', `${path}/plans/${made.id}/undo`), 201)
  await applyAmidTrouble(back.id)
  assert.deepEqual(contents(rows()), before)
  await kill(running.hub)
})
