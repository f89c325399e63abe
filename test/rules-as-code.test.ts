import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json } from './hub.ts'
import { newPbxBehind, told, type PbxBehind } from './pbx-behind.ts'
import { until } from './simulated-pbx.ts'

const YAML = 'application/yaml'
/** A Saturday night. */
const NOW = Date.parse('2026-11-21T20:00:00Z')

function workshop({ ask, host, simulator }: PbxBehind) {
  const path = `/api/v1/pbx3cx/${host.code}/inbound-rules`
  return {
    path,
    rules: () => simulator.pbx.store.rows('InboundRules'),
    exported: async (format = 'yaml') => (await ask('GET', `${path}/export?format=${format}`)).text,
    plan: async (text: string, query = '', type = YAML) =>
      told(await ask('POST', `${path}/plans?${query}`, { body: text, type }), 201),
    refused: async (text: string, query = '', type = YAML) =>
      told(await ask('POST', `${path}/plans?${query}`, { body: text, type }), 422, 'validation_failed').errors,
    async apply(id: number): Promise<Json> {
      told(await ask('POST', `${path}/plans/${id}/apply`), 202)
      return until(async () => {
        const plan = told(await ask('GET', `${path}/plans/${id}`), 200)
        return plan.state === 'applying' ? null : plan
      })
    },
    undo: async (id: number) => told(await ask('POST', `${path}/plans/${id}/undo`), 201),
  }
}

test('what is exported is planned without a step, as YAML, CSV and JSON', async (t) => {
  const behind = await newPbxBehind(t, 'sqlite')
  const { exported, plan } = workshop(behind)
  for (const [format, type] of [['yaml', YAML], ['csv', 'text/csv'], ['json', 'application/json']] as const) {
    const text = await exported(format)
    const made = format === 'json' ? told(await behind.ask('POST', `${workshop(behind).path}/plans`, { body: JSON.parse(text) }), 201) : await plan(text, '', type)
    assert.deepEqual([made.steps, made.moves, made.answers, made.complaints], [[], [], [], []], format)
  }
})

/** Everything of the rules but their ids and their order. */
const contents = (rows: readonly Json[]) =>
  rows
    .map(({ Id: _id, ...rest }) => structuredClone(rest))
    .sort((a, b) => (`${a.Condition} ${a.Data}` < `${b.Condition} ${b.Data}` ? -1 : 1))
const FILE = `
format: 1
rules:
  - { rule_name: Main number, condition: DID, data: +3615550110, trunk: SIMULATED-carrier, call_type: External calls,
      office_hours_destination: Queue support, out_of_office_hours_destination: VoiceMail 100,
      alter_destination_during_out_of_office_hours: true }
  - &anna { rule_name: Anna, condition: BasedOnDID, data: "+3615550112", call_type: ExternalCallsOnly, office_hours_destination: Extension 100 }
  - { <<: *anna, rule_name: Béla, data: "+3615550113", office_hours_destination: Extension Béla Csonka }
  - rule_name: Sixth
    condition: BasedOnDID
    data: "+3615550115"
    hours: { type: SpecificHours, periods: [Monday 09:00-12:00, tue 9:00-12:00] }
    office_hours_destination: External +36301112233
    out_of_office_hours_destination: { to: Extension, name: anna almási }
    alter_destination_during_out_of_office_hours: true
`

test('a plan tells what a file adds, changes and removes, and which calls go elsewhere; nothing is sent', async (t) => {
  const behind = await newPbxBehind(t, 'sqlite', { now: NOW, hub: { clock: { now: () => NOW } } })
  const { plan, rules } = workshop(behind)
  const before = contents(rules())
  behind.simulator.requests.clear()
  const made = await plan(FILE)
  assert.deepEqual(
    made.steps.map(({ act, rule, fields }: Json) => [act, rule, fields.map(({ field }: Json) => field)]),
    [
      ['change', 'inbound rule "Main number" (number +3615550110)', ['office_hours_destination.to', 'office_hours_destination.number', 'holidays_destination', 'alter_destination_during_holidays']],
      ['add', 'inbound rule "Sixth" (number +3615550115)', []],
      ['remove', 'inbound rule "Support" (number +3615550111)', []],
      ['remove', 'inbound rule "Call flow" (number +3615550114)', []],
    ],
  )
  assert.deepEqual(
    made.answers.map(({ did, before: was, after: is }: Json) => [did, was.hours, was.path[0], is.hours, is.path[0]]),
    [
      ['+3615550110', 'office', 'ivr:700', 'office', 'queue:800'],
      ['+3615550110', 'holiday', 'voicemail:100', 'office', 'queue:800'],
      ['+3615550111', 'out', 'voicemail:101', null, 'end'],
      ['+3615550111', 'office', 'queue:800', null, 'end'],
      ['+3615550111', 'holiday', 'voicemail:101', null, 'end'],
      ['+3615550114', 'office', 'call_flow:900', null, 'end'],
      ['+3615550115', null, 'end', 'out', 'extension:100'],
      ['+3615550115', null, 'end', 'office', 'external:+36301112233'],
    ],
  )
  assert.deepEqual(contents(rules()), before)
  assert.deepEqual(behind.simulator.requests.list().filter(({ method, path }) => method !== 'GET' && !path.includes('token')), [])
})

test('an applied plan leaves the PBX as the file has it, and undone as it was', async (t) => {
  const behind = await newPbxBehind(t, 'sqlite')
  const { plan, apply, undo, rules, exported } = workshop(behind)
  const before = contents(rules())
  const made = await plan(FILE)
  const applied = await apply(made.id)
  assert.deepEqual([applied.state, applied.failure, applied.progress, applied.notes], ['applied', null, { done: 4, total: 4 }, []])
  const again = await plan(FILE)
  assert.deepEqual([again.steps, again.moves], [[], []])
  const back = await apply((await undo(made.id)).id)
  assert.deepEqual([back.state, back.undoes], ['applied', made.id])
  assert.deepEqual(contents(rules()), before)
})
