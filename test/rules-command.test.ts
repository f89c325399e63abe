import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { runCommand } from './commands.ts'
import { ADMIN_TOKEN } from './hub.ts'
import { newPbxBehind, settingsFor, told } from './pbx-behind.ts'
import { post } from './pbx-fleet.ts'
import { newSimulator } from './simulated-pbx.ts'
import { newDirectory } from './stores.ts'

test('cordboard rules exports, checks, applies and undoes, for one PBX and for several', async (t) => {
  const { hub, host, ask, simulator } = await newPbxBehind(t, 'sqlite')
  const { simulator: second } = await newSimulator(t, { instant: true })
  const other = await post(ask, 'pbx3cx-hosts', { ...settingsFor(second), host_name: 'second.example' })
  const directory = await newDirectory(t)
  const env = { ...process.env, CORDBOARD_URL: hub.url, CORDBOARD_TOKEN: ADMIN_TOKEN }
  const run = async (...args: string[]) => runCommand(t, ['rules', ...args], env)
  const names = (of: typeof simulator) => of.pbx.store.rows('InboundRules').map(({ RuleName }) => RuleName)

  const file = join(directory, 'rules.yaml')
  const saved = await run('export', host.code, '--out', file)
  assert.equal(saved.code, 0, saved.said)
  const same = await run('plan', file, '--check')
  assert.deepEqual(
    [same.code, same.said.includes('0 to add, 0 to change, 0 to remove')],
    [0, true],
    same.said,
  )

  const text = await readFile(file, 'utf8')
  await writeFile(
    file,
    text.replace('rule_name: Support', 'rule_name: Help').replace('Extension 101', 'Queue Support'),
  )
  const differs = await run('plan', file, '--check')
  assert.equal(differs.code, 2, differs.said)
  assert.match(differs.said, /~ inbound rule "Support".*\n    rule_name: Support → Help/)
  assert.match(differs.said, /\+3615550113 at .* extension:101.* {2}⇒ {2}queue:800/)
  const unasked = await run('apply', file)
  assert.deepEqual([unasked.code, unasked.said.includes('say --yes')], [1, true], unasked.said)
  const applied = await run('apply', file, '--yes')
  assert.deepEqual([applied.code, applied.said.includes('applied, 2 of 2 steps')], [0, true], applied.said)
  assert.ok(names(simulator).includes('Help'))
  const list = told(await ask('GET', `/api/v1/pbx3cx/${host.id}/inbound-rules/plans`), 200).data
  const { id } = list.find(({ state }: { state: string }) => state === 'applied')
  const undone = await run('undo', `${host.code}/${id}`, '--yes')
  assert.equal(undone.code, 0, undone.said)
  assert.deepEqual(names(simulator), ['Main number', 'Support', 'Anna', 'Béla', 'Call flow'])

  const both = join(directory, 'both.csv')
  const row = (name: string) => `${name},Blocked,BasedOnCallerID,+3699*,10000\n`
  await writeFile(both, `host,rule_name,condition,data,trunk\n${row(host.code)}${row('second.example')}`)
  const json = await run('plan', both, '--partial', '--json')
  assert.deepEqual(
    JSON.parse(json.said).map((plan: { pbx3cx_host_id: number; added: number }) => [
      plan.pbx3cx_host_id,
      plan.added,
    ]),
    [
      [host.id, 1],
      [other.id, 1],
    ],
  )
  const many = await run('apply', both, '--partial', '--yes')
  assert.equal(many.code, 0, many.said)
  assert.match(many.said, /plan +add +change +remove +answers +state\n/)
  for (const one of [simulator, second]) assert.ok(names(one).includes('Blocked'))

  await writeFile(file, 'rules: [{ condition: DID, data: +3615550110, trunk: nobody }]')
  const faulty = await run('plan', file, '--host', host.code)
  assert.deepEqual(
    [faulty.code, faulty.said.includes('rules[0].trunk: Line 1: There is no trunk "nobody"')],
    [1, true],
    faulty.said,
  )
})
