import { existsSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { RuleFileHosts, RulePlan, RulePlanSummary } from '../contract/pbx-rule-plans.ts'
import { CommandError, connect, type Connection } from './connection.ts'
import { drawRows } from './progress-bar.ts'
import { countsText, planText, tableText } from './rule-plan-text.ts'
import { saveBody } from './save-body.ts'

const USAGE = `cordboard rules export HOST [--csv | --json] [--out FILE]   the inbound rules of a PBX as a file
cordboard rules plan FILE [--host HOST]          what a file would change, and which calls would go elsewhere
cordboard rules apply FILE [--host HOST] [--yes] plan it, ask, and apply it
cordboard rules apply HOST/PLAN [--yes]          apply a plan, or go on with one that stopped
cordboard rules undo HOST/PLAN [--yes]           take back what a plan did
cordboard rules plans HOST                       the plans of a PBX

  --partial    rules that the file does not name stay
  --reorder    rules are removed and made again where their order is to be that of the file
  --check      with plan: exit code 2 when there is something to change
  --json       with plan: the plans as JSON

HOST is an id or a code. FILE is YAML unless its name ends in .csv or .json; - reads standard input.
A file for several PBXs (hosts:) is planned for each. --tenant ID acts in a child tenant.
`

const TYPES: Readonly<Record<string, string>> = { csv: 'text/csv', json: 'application/json' }
const POLL_MS = 200

type Values = { [name: string]: string | boolean | undefined }
type Asked = { hub: Connection; target: string; values: Values }
type Planned = { name: string; plan: RulePlan | null; failure: string | null }

const say = (text: string) => void process.stdout.write(`${text}\n`)
const pathOf = (host: string) => `/api/v1/pbx3cx/${encodeURIComponent(host)}/inbound-rules`

async function exportRules({ hub, target, values }: Asked): Promise<void> {
  const format = values['csv'] === true ? 'csv' : values['json'] === true ? 'json' : 'yaml'
  const response = await hub.request('GET', `${pathOf(target)}/export?format=${format}`)
  const out = typeof values['out'] === 'string' ? values['out'] : undefined
  await saveBody(response, out, () => new CommandError('The hub broke off in the middle of the file.'))
}

/** What a file would do, PBX by PBX; one that cannot be planned does not keep the others from it. */
async function planFile({ hub, target, values }: Asked): Promise<Planned[]> {
  if (target !== '-' && !existsSync(target)) throw new CommandError(`There is no file ${target}.`)
  const content = readFileSync(target === '-' ? 0 : target, 'utf8')
  const type = TYPES[target.split('.').at(-1)?.toLowerCase() ?? ''] ?? 'application/yaml'
  const send = async <T>(path: string) =>
    (await (await hub.request('POST', path, { type, content })).json()) as T
  const flags = ['partial', 'reorder'].filter((name) => values[name] === true).map((name) => `${name}=1`)
  const hosts =
    typeof values['host'] === 'string'
      ? [values['host']]
      : (await send<RuleFileHosts>('/api/v1/inbound-rule-files/hosts')).data.map(({ code }) => code)
  const found: Planned[] = []
  for (const name of hosts) {
    try {
      const plan = await send<RulePlan>(`${pathOf(name)}/plans?${flags.join('&')}`)
      found.push({ name, plan, failure: null })
    } catch (error) {
      if (!(error instanceof CommandError) || hosts.length === 1) throw error
      found.push({ name, plan: null, failure: error.message })
    }
  }
  return found
}

function show(planned: readonly Planned[]): void {
  for (const { name, plan } of planned) if (plan) say(`${planText(name, plan)}\n`)
  if (planned.length > 1) say(tableText(planned))
}

async function plan(asked: Asked): Promise<void> {
  const planned = await planFile(asked)
  if (asked.values['json'] === true)
    say(
      JSON.stringify(
        planned.map((one) => one.plan ?? one),
        null,
        2,
      ),
    )
  else show(planned)
  const isWanting = planned.some((one) => (one.plan?.steps.length ?? 0) > 0)
  const isFaulty = planned.some((one) => one.plan === null || !one.plan.can_apply)
  if (isFaulty) process.exitCode = 1
  else if (isWanting && asked.values['check'] === true) process.exitCode = 2
}

async function confirm(question: string, { values }: Asked): Promise<void> {
  if (values['yes'] === true) return
  if (!process.stdin.isTTY) throw new CommandError('Nothing was sent: say --yes where nobody can be asked.')
  const asking = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await asking.question(`${question} [y/N] `).finally(() => asking.close())
  if (!/^y(es)?$/i.test(answer.trim())) throw new CommandError('Nothing was sent.')
}

/** Applies a plan and waits for its end. */
async function applyOne({ hub }: Asked, host: string, id: number): Promise<RulePlan> {
  const path = `${pathOf(host)}/plans/${id}`
  let now = await hub.json<RulePlan>('POST', `${path}/apply`)
  while (now.state === 'applying') {
    drawRows(now.progress.done, now.progress.total, 'steps')
    await wait(POLL_MS)
    now = await hub.json<RulePlan>('GET', path)
  }
  drawRows(now.progress.done, now.progress.total, 'steps')
  return now
}

function sayEnd(name: string, plan: RulePlan): void {
  const { state, failure, progress, notes, steps } = plan
  const open = steps
    .filter((step) => step.state !== 'done')
    .map(({ act, rule }) => `    not done: ${act} ${rule}`)
  say(`${name}/${plan.id}: ${state}, ${progress.done} of ${progress.total} steps`)
  if (failure) say([`    ${failure.message} (${failure.code})`, ...open].join('\n'))
  for (const note of notes) say(`    ${note}`)
  if (state !== 'applied') process.exitCode = 1
}

/** `PBX-…/12`; null for what is a file. */
function planNamed(target: string): { host: string; id: number } | null {
  const [, host, id] = /^([^/]+)\/(\d+)$/.exec(target) ?? []
  return host === undefined || existsSync(target) ? null : { host, id: Number(id) }
}

async function apply(asked: Asked): Promise<void> {
  const named = planNamed(asked.target)
  if (named) {
    const { host, id } = named
    const found = await asked.hub.json<RulePlan>('GET', `${pathOf(host)}/plans/${id}`)
    say(planText(host, found))
    await confirm('Apply it?', asked)
    return sayEnd(host, await applyOne(asked, host, id))
  }
  const planned = await planFile(asked)
  show(planned)
  if (planned.some((one) => one.plan === null || !one.plan.can_apply))
    throw new CommandError('Nothing was sent: not every plan can be applied.')
  const open = planned.flatMap(({ name, plan: one }) =>
    one && one.steps.length > 0 ? [{ name, id: one.id }] : [],
  )
  if (open.length === 0) return say('nothing to change')
  await confirm(open.length === 1 ? 'Apply it?' : `Apply these ${open.length} plans?`, asked)
  const ended: Planned[] = []
  for (const { name, id } of open) {
    try {
      const end = await applyOne(asked, name, id)
      sayEnd(name, end)
      ended.push({ name, plan: end, failure: null })
    } catch (error) {
      if (!(error instanceof CommandError)) throw error
      process.exitCode = 1
      ended.push({ name, plan: null, failure: error.message })
    }
  }
  if (ended.length > 1) say(tableText(ended))
}

async function undo(asked: Asked): Promise<void> {
  const named = planNamed(asked.target)
  if (!named) throw new CommandError(USAGE)
  const { host, id } = named
  const reorder = asked.values['reorder'] === true ? '?reorder=1' : ''
  const back = await asked.hub.json<RulePlan>('POST', `${pathOf(host)}/plans/${id}/undo${reorder}`)
  say(planText(host, back))
  if (back.steps.length === 0) say('nothing to take back')
  else await confirm('Apply it?', asked)
  sayEnd(host, await applyOne(asked, host, back.id))
}

async function plans({ hub, target }: Asked): Promise<void> {
  const { data } = await hub.json<{ data: RulePlanSummary[] }>('GET', `${pathOf(target)}/plans?per_page=100`)
  for (const one of data)
    say(
      `${target}/${one.id}  ${one.created_at.slice(0, 16)}  ${one.state}${one.undoes === null ? '' : ` (undoes ${one.undoes})`}  ${one.created_by}  ${countsText(one)}`,
    )
  if (data.length === 0) say('no plans')
}

const COMMANDS: Record<string, (asked: Asked) => Promise<void>> = {
  export: exportRules,
  plan,
  apply,
  undo,
  plans,
}

/** `cordboard rules`: the inbound rules of PBXs as files. */
export async function rules(args: string[]): Promise<void> {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      host: text,
      out: text,
      tenant: text,
      csv: flag,
      json: flag,
      partial: flag,
      reorder: flag,
      check: flag,
      yes: flag,
      help: flag,
    },
  })
  const [name = '', target, ...more] = positionals
  if (values.help) return void process.stdout.write(USAGE)
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (!command || target === undefined || more.length > 0) throw new CommandError(USAGE)
  await command({ hub: connect(values.tenant), target, values })
}
