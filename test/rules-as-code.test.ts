import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Engine } from '../server/platform/database/engine.ts'
import { newHub, type Json, type TestHubOptions } from './hub.ts'
import { newPbxBehind, told } from './pbx-behind.ts'
import { post } from './pbx-fleet.ts'
import { until } from './simulated-pbx.ts'
import { newStoreAddress, onEachStore } from './stores.ts'
import { newMasterKey } from './vault.ts'

const YAML = 'application/yaml'
/** A Saturday night. */
const NOW = Date.parse('2026-11-21T20:00:00Z')

/** A hub, a pretended PBX on that night, and what is done with its rules. */
async function newWorkshop(t: TestContext, hub: TestHubOptions = {}, engine: Engine = 'sqlite') {
  const clock = { now: () => NOW }
  const behind = await newPbxBehind(t, engine, { now: NOW, isClockStopped: true, hub: { clock, ...hub } })
  const { ask, host, simulator } = behind
  const path = `/api/v1/pbx3cx/${host.code}/inbound-rules`
  return {
    ...behind,
    path,
    rules: () => simulator.pbx.store.rows('InboundRules'),
    exported: async (format = 'yaml') => (await ask('GET', `${path}/export?format=${format}`)).text,
    plan: async (text: string, query = '', type = YAML) =>
      told(await ask('POST', `${path}/plans?${query}`, { body: text, type }), 201),
    refused: async (text: string, query = '', type = YAML) =>
      told(await ask('POST', `${path}/plans?${query}`, { body: text, type }), 422, 'validation_failed')
        .errors,
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
  const { exported, plan, ask, path } = await newWorkshop(t)
  for (const [format, type] of [
    ['yaml', YAML],
    ['csv', 'text/csv'],
    ['json', 'application/json'],
  ] as const) {
    const text = await exported(format)
    const made =
      format === 'json'
        ? told(await ask('POST', `${path}/plans`, { body: JSON.parse(text) }), 201)
        : await plan(text, '', type)
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
  const { plan, rules, simulator } = await newWorkshop(t)
  const before = contents(rules())
  simulator.requests.clear()
  const made = await plan(FILE)
  assert.deepEqual(
    made.steps.map(({ act, rule, fields }: Json) => [act, rule, fields.map(({ field }: Json) => field)]),
    [
      [
        'change',
        'inbound rule "Main number" (number +3615550110)',
        [
          'office_hours_destination.to',
          'office_hours_destination.number',
          'holidays_destination',
          'alter_destination_during_holidays',
        ],
      ],
      ['add', 'inbound rule "Sixth" (number +3615550115)', []],
      ['remove', 'inbound rule "Support" (number +3615550111)', []],
      ['remove', 'inbound rule "Call flow" (number +3615550114)', []],
    ],
  )
  assert.deepEqual(
    made.answers.map(({ did, before: was, after: is }: Json) => [
      did,
      was.hours,
      was.path[0],
      is.hours,
      is.path[0],
    ]),
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
  assert.deepEqual(
    simulator.requests.list().filter(({ method, path }) => method !== 'GET' && !path.includes('token')),
    [],
  )
})

test('an applied plan leaves the PBX as the file has it, and undone as it was', async (t) => {
  const { plan, apply, undo, rules } = await newWorkshop(t)
  const before = contents(rules())
  const made = await plan(FILE)
  const applied = await apply(made.id)
  assert.deepEqual(
    [applied.state, applied.failure, applied.progress, applied.notes],
    ['applied', null, { done: 4, total: 4 }, []],
  )
  const again = await plan(FILE)
  assert.deepEqual([again.steps, again.moves], [[], []])
  const back = await apply((await undo(made.id)).id)
  assert.deepEqual([back.state, back.undoes], ['applied', made.id])
  assert.deepEqual(contents(rules()), before)
})

const PARTIAL = (rules: string) => `partial: true\nrules:\n${rules}`
const SIXTH =
  '  - { rule_name: Sixth, condition: DID, data: +3615550115, office_hours_destination: Extension 100 }\n'

test('a partial file adds and changes what it says; everything else stays', async (t) => {
  const { plan, apply, rules, ...behind } = await newWorkshop(t)
  const before = contents(rules())
  const made = await plan(PARTIAL(`${SIXTH}  - { condition: DID, data: +3615550111, rule_name: Help }\n`))
  assert.deepEqual([made.added, made.changed, made.removed, made.unchanged], [1, 1, 0, 4])
  await apply(made.id)
  const after = contents(rules())
  assert.deepEqual(
    after.filter(({ Data }) => Data !== '+3615550115'),
    before.map((rule) => (rule.Data === '+3615550111' ? { ...rule, RuleName: 'Help' } : rule)),
  )
  const both = await behind.ask('POST', `${behind.path}/plans?reorder=1`, {
    body: PARTIAL(SIXTH),
    type: YAML,
  })
  assert.deepEqual(Object.keys(told(both, 422).errors), ['reorder'])
})

test('each step of a plan is audited with who applied it, what was before and what came after', async (t) => {
  const { plan, apply, ask, host } = await newWorkshop(t)
  const readPbx = async () => told(await ask('POST', `/api/v1/pbx3cx/${host.id}/snapshots`), 201)
  await readPbx()
  const { id } = await apply((await plan(FILE)).id)
  // What the plan audited is not told again as found.
  assert.equal((await readPbx()).unchanged, false)
  const changes = (await ask('GET', '/api/v1/pbx3cx-audits?kind=change&per_page=100&sort=id')).json.data
  assert.deepEqual(
    changes.map((one: Json) => [
      one.object.split(' ')[1],
      one.before?.RuleName ?? null,
      one.after?.RuleName ?? null,
      one.who,
    ]),
    [
      ['/InboundRules(1)', 'Main number', 'Main number', 'bootstrap'],
      ['/InboundRules', null, 'Sixth', 'bootstrap'],
      ['/InboundRules(2)', 'Support', null, 'bootstrap'],
      ['/InboundRules(5)', 'Call flow', null, 'bootstrap'],
    ],
  )
  assert.equal(id, 1)
})

test('a plan of rules that others changed since is refused, and so is one older than a day', async (t) => {
  let now = NOW
  const { plan, apply, ask, path, rules, exported } = await newWorkshop(t, { clock: { now: () => now } })
  const whole = await plan(FILE)
  const part = await plan(PARTIAL(SIXTH))
  const touching = await plan(PARTIAL('  - { condition: DID, data: +3615550112, rule_name: X }\n'))
  Object.assign(rules()[2]!, { RuleName: 'Somebody else was here' })
  const before = await exported()
  for (const { id } of [whole, touching])
    assert.match(
      told(await ask('POST', `${path}/plans/${id}/apply`), 409, 'plan_outdated').message,
      /"Anna".* was changed/,
    )
  assert.equal(await exported(), before)
  now += 25 * 3_600_000
  told(await ask('POST', `${path}/plans/${part.id}/apply`), 409, 'plan_expired')
  now = NOW
  assert.equal((await apply(part.id)).state, 'applied')
  told(await ask('POST', `${path}/plans/${part.id}/apply`), 409, 'conflict')
})

test('a plan stops at the first refusal, says what was done, and goes on from there or back', async (t) => {
  const { plan, apply, undo, rules, exported, simulator } = await newWorkshop(t)
  const before = contents(rules())
  const made = await plan(FILE)
  const trunk = simulator.pbx.store.rows('Trunks')[0]!
  const numbers = trunk['DidNumbers'] as string[]
  trunk['DidNumbers'] = numbers.filter((one) => one !== '+3615550115')
  const stopped = await apply(made.id)
  assert.deepEqual(
    [stopped.state, stopped.failure.code, stopped.progress],
    ['stopped', 'pbx_refused', { done: 1, total: 4 }],
  )
  assert.deepEqual(
    stopped.steps.map(({ state }: Json) => state),
    ['done', 'failed', 'waiting', 'waiting'],
  )
  trunk['DidNumbers'] = numbers
  const half = await exported()
  const back = await undo(made.id)
  assert.deepEqual(
    back.steps.map(({ act, rule_id }: Json) => [act, rule_id]),
    [['change', 1]],
  )
  assert.equal(await exported(), half)
  assert.deepEqual([(await apply(made.id)).state, (await plan(FILE)).steps], ['applied', []])
  assert.equal((await apply((await undo(made.id)).id)).state, 'applied')
  assert.deepEqual(contents(rules()), before)
})

test('what was never applied is not undone, and what was undone is neither applied nor undone again', async (t) => {
  const { plan, apply, undo, ask, path } = await newWorkshop(t)
  const { id } = await plan(FILE)
  told(await ask('POST', `${path}/plans/${id}/undo`), 409, 'conflict')
  await apply(id)
  await apply((await undo(id)).id)
  assert.equal((await ask('GET', `${path}/plans/${id}`)).json.state, 'undone')
  for (const act of ['apply', 'undo']) told(await ask('POST', `${path}/plans/${id}/${act}`), 409, 'conflict')
})

test('a plan whose rules cannot be right tells why and is not applied', async (t) => {
  const { plan, ask, path, rules } = await newWorkshop(t)
  const before = contents(rules())
  const made = await plan(
    PARTIAL(
      '  - { condition: DID, data: +3615559999, trunk: 10000, office_hours_destination: Extension 999 }\n',
    ),
  )
  assert.equal(made.can_apply, false)
  assert.deepEqual(
    made.complaints.map(({ field, refuses }: Json) => [field, refuses]),
    [
      ['data', true],
      ['office_hours_destination.number', true],
    ],
  )
  told(await ask('POST', `${path}/plans/${made.id}/apply`), 422, 'validation_failed')
  assert.deepEqual(contents(rules()), before)
})

const CALLERS = ['+361*', '+362*', '+363*'].map(
  (data) =>
    `  - { rule_name: "${data}", condition: BasedOnCallerID, data: "${data}", trunk: 10000, office_hours_destination: Extension 100 }\n`,
)

test('another order is told; only asked for, rules are made again for it, and answers follow the order there will be', async (t) => {
  const { plan, apply, undo, rules, exported } = await newWorkshop(t)
  const file = await exported()
  const [a = '', b = '', c = ''] = CALLERS
  await apply((await plan(file + a + b + c)).id)
  const before = rules().map(({ RuleName }) => RuleName)
  const told_ = await plan(file + c + a + b)
  assert.deepEqual([told_.steps, told_.moves.length, told_.notes.length], [[], 1, 1])
  assert.deepEqual([told_.moves[0].before, told_.moves[0].after], [3, 1])
  const made = await plan(file + c + a + b, 'reorder=1')
  assert.deepEqual(
    made.steps.map(({ act, for_order }: Json) => [act, for_order]),
    [
      ['remove', true],
      ['add', true],
      ['remove', true],
      ['add', true],
    ],
  )
  assert.equal((await apply(made.id)).state, 'applied')
  assert.deepEqual(
    rules()
      .map(({ RuleName }) => RuleName)
      .slice(-3),
    ['+363*', '+361*', '+362*'],
  )
  assert.equal((await apply((await undo(made.id)).id)).state, 'applied')
  assert.deepEqual(
    rules().map(({ RuleName }) => RuleName),
    before,
  )
  const wide = await plan(
    `${file}${a}${b}${c}  - { condition: CallerID, data: "*", trunk: 10000, office_hours_destination: External +36309999999 }\n`,
  )
  assert.ok(wide.answers.some(({ did, caller }: Json) => did === '+3615550110' && caller === ''))
  assert.ok(!wide.answers.some(({ caller }: Json) => String(caller).startsWith('+361')))
})

test('a file for many PBXs names them by code, id or name, and is planned for each', async (t) => {
  const { ask, host, path, plan, refused } = await newWorkshop(t)
  const other = await post(ask, 'pbx3cx-hosts', { host_name: 'other.example' })
  const hostsOf = (body: string, type = YAML) =>
    ask('POST', '/api/v1/inbound-rule-files/hosts', { body, type })
  const ids = async (text: string) =>
    told(await hostsOf(text), 200).data.map((one: Json) => one.pbx3cx_host_id)
  assert.deepEqual(await ids(`hosts: [${host.code}, OTHER.example]\npartial: true\nrules: []`), [
    host.id,
    other.id,
  ])
  assert.deepEqual(await ids(`hosts:\n  ${other.id}: { rules: [] }\n  pbx.example: { rules: [] }`), [
    other.id,
    host.id,
  ])
  assert.deepEqual(await ids(`host: ${other.code}\nrules: []`), [other.id])
  const csv = `host,condition,data\nother.example,DID,1\npbx.example,DID,+3615550110\npbx.example,DID,+3615550111\n`
  assert.deepEqual(
    told(await hostsOf(csv, 'text/csv'), 200).data.map(({ rules }: Json) => rules),
    [1, 2],
  )
  const faulty = told(await hostsOf('hosts: { nobody: { rules: [] }, PBX.example: { rules: [] } }'), 422)
  assert.deepEqual(Object.keys(faulty.errors), ['hosts.nobody'])
  assert.equal(
    (await plan(`hosts: { pbx.example: { partial: true, rules: [] }, other.example: { rules: [] } }`))
      .partial,
    true,
  )
  assert.match((await refused(`host: ${other.code}\nrules: []`)).host[0], /not for this PBX/)
  told(await ask('POST', `${path}/plans`), 422)
  told(await ask('POST', `${path}/plans`, { body: 'x', type: 'text/plain' }), 415)
})

onEachStore('plans of inbound rules', (engine) => {
  test('are kept, listed newest first, forgotten with a caller, and told only to who may see the PBX', async (t) => {
    const { ask, host, path, plan, newToken } = await newWorkshop(t, {}, engine)
    const first = await plan(FILE)
    await plan(PARTIAL(SIXTH))
    const list = told(await ask('GET', `${path}/plans?per_page=1`), 200)
    assert.deepEqual(
      [list.total, list.last_page, list.data[0].id, list.data[0].steps],
      [2, 2, first.id + 1, undefined],
    )
    const read = await ask('GET', `${path}/plans/${first.id}`)
    assert.equal(read.headers.get('cache-control'), 'no-store')
    assert.deepEqual(read.json, first)
    const reader = await newToken(['fleet:read'])
    told(await ask('GET', `${path}/plans/${first.id}`, { token: reader }), 200)
    told(await ask('POST', `${path}/plans/${first.id}/apply`, { token: reader }), 403, 'scope_missing')
    told(await ask('GET', `${path}/plans/${first.id + 9}`), 404, 'not_found')
    const other = await post(ask, 'pbx3cx-hosts', { host_name: 'other.example' })
    told(await ask('GET', `/api/v1/pbx3cx/${other.id}/inbound-rules/plans/${first.id}`), 404)
    const bound = await newToken(['fleet:write'], { host_id: host.id })
    told(await ask('POST', `${path}/plans/${first.id}/apply`, { token: bound }), 403)
    const erased = told(await ask('POST', '/api/v1/erase', { body: { number: '+36301112233' } }), 200)
    assert.equal(erased.removed.pbx_rule_plans, 1, JSON.stringify(erased))
    told(await ask('GET', `${path}/plans/${first.id}`), 404)
    assert.ok(!(await ask('GET', `${path}/plans/${first.id + 1}`)).text.includes('+36301112233'))
  })

  test('are applied once, whoever asks how often and at which hub', async (t) => {
    const place = {
      address: await newStoreAddress(t, engine),
      env: { CORDBOARD_SECRET_KEY: newMasterKey() },
    }
    const { plan, rules, ask, path, simulator } = await newWorkshop(t, place, engine)
    // SQLite has one hub.
    const other = engine === 'postgres' ? (await newHub(t, engine, place)).ask : ask
    const { id } = await plan(FILE)
    simulator.requests.clear()
    await Promise.all([ask, other, ask, other].map((at) => at('POST', `${path}/plans/${id}/apply`)))
    await until(async () => (await other('GET', `${path}/plans/${id}`)).json.state === 'applied')
    const sent = simulator.requests
      .list()
      .filter(({ method, path: at }) => method !== 'GET' && at.includes('InboundRules'))
    assert.equal(sent.length, 4)
    assert.equal(rules().length, 4)
    told(await ask('POST', `${path}/plans/${id}/apply`), 409, 'conflict')
  })
})
