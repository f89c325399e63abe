import { parseArgs } from 'node:util'
import type { Snapshot, SnapshotDiff } from '../contract/pbx-snapshots.ts'
import type { ReadFrom, TraceAnswer, TraceReport } from '../contract/pbx-trace.ts'
import { CommandError, connect, type Connection } from './connection.ts'

const USAGE = `cordboard pbx snapshot HOST                    read the configuration of a PBX now
cordboard pbx diff HOST [FROM] [TO]            what changed: ids of snapshots or times; unless given, the last two
cordboard pbx diff HOST --host OTHER           how another PBX differs
cordboard pbx trace HOST --did NUMBER          where a call goes and why
          [--caller NUMBER] [--at TIME] [--fresh] [--svg]
cordboard pbx trace HOST --extension NUMBER    every way into an extension
cordboard pbx trace HOST --report              loops, dead ends, rules never reached

HOST is an id or a code. --tenant ID acts in a child tenant.
`

type Asked = {
  hub: Connection
  host: string
  rest: string[]
  values: { [name: string]: string | boolean | undefined }
}

const say = (text: string) => void process.stdout.write(`${text}\n`)
const shown = (value: unknown) => (value === null ? 'nothing' : JSON.stringify(value))

async function snapshot({ hub, host }: Asked): Promise<void> {
  const taken = await hub.json<Snapshot>('POST', `/api/v1/pbx3cx/${host}/snapshots`)
  const state =
    taken.unchanged === null ? 'the first' : taken.unchanged ? 'unchanged' : `${taken.changes} changes`
  say(`snapshot ${taken.id} of ${taken.taken_at}: ${state}`)
  for (const [what, why] of Object.entries(taken.unreadable)) say(`  not read: ${what}. ${why}`)
}

const SIGNS = { added: '+', removed: '-', changed: '~', moved: '>' } as const

async function diff({ hub, host, rest, values }: Asked): Promise<void> {
  const query = new URLSearchParams()
  const [from, to] = rest
  if (from !== undefined) query.set('from', from)
  if (to !== undefined) query.set('to', to)
  if (typeof values['host'] === 'string') query.set('other_host', values['host'])
  const found = await hub.json<SnapshotDiff>(
    'GET',
    `/api/v1/pbx3cx/${host}/snapshots/diff?${query.toString()}`,
  )
  say(`from snapshot ${found.from.id} (${found.from.taken_at}) to ${found.to.id} (${found.to.taken_at})`)
  for (const change of found.changes) {
    say(`${SIGNS[change.kind]} ${change.object}`)
    for (const { path, before, after } of change.fields)
      say(`    ${path}: ${shown(before)} → ${shown(after)}`)
  }
  if (found.changes.length === 0) say('nothing changed')
  if (found.not_compared.length > 0) say(`not compared, since not read: ${found.not_compared.join(', ')}`)
}

function sayOrigin(read: ReadFrom): void {
  if (read.failure !== null) say(`The PBX could not be read (${read.failure}).`)
  say(
    read.source === 'pbx'
      ? 'read from the PBX just now'
      : `from snapshot ${read.snapshot_id ?? ''} of ${read.taken_at}, ${Math.round(read.age_seconds / 60)} minutes old`,
  )
}

async function trace({ hub, host, values }: Asked): Promise<void> {
  const path = `/api/v1/pbx3cx/${host}/trace`
  const query = new URLSearchParams()
  for (const name of ['did', 'caller', 'at', 'extension'] as const)
    if (typeof values[name] === 'string') query.set(name, values[name])
  if (values['fresh'] === true) query.set('fresh', '1')
  if (values['report'] === true) {
    const report = await hub.json<TraceReport>('GET', `${path}/report?${query.toString()}`)
    sayOrigin(report.read)
    for (const { kind, object, why, what_to_do: advice } of report.findings)
      say(`${kind.replaceAll('_', ' ')}: ${object}\n    ${why} ${advice}`)
    if (report.findings.length === 0) say('nothing to mend')
    return report.notes.forEach(say)
  }
  if (values['svg'] === true) {
    query.set('format', 'svg')
    process.stdout.write(await (await hub.request('GET', `${path}?${query.toString()}`)).text())
    return
  }
  const answer = await hub.json<TraceAnswer>('GET', `${path}?${query.toString()}`)
  sayOrigin(answer.read)
  if ('ways' in answer) {
    for (const { node, on } of answer.directly) say(`directly: ${node} by ${on}`)
    for (const { rule, hours, through } of answer.ways)
      say(
        `${rule.looks_at} ${rule.number} (${rule.name}), ${hours}: ${[...through.map(({ node, on }) => `${node} by ${on}`), answer.extension].join(' → ')}`,
      )
    return
  }
  const nodes = new Map(answer.nodes.map((node) => [node.id, node]))
  for (const { node: id, on, why } of answer.steps) {
    const node = nodes.get(id)
    say(`${on === null ? '' : `${on.replaceAll('_', ' ')} → `}${id}${node?.name ? ` "${node.name}"` : ''}`)
    for (const reason of why) say(`    ${reason}`)
    if (node && node.rings.length > 0) say(`    rings ${node.rings.map(({ number }) => number).join(', ')}`)
  }
  say(`may end at: ${answer.finals.join(', ')}`)
  for (const circle of answer.cycles) say(`goes round: ${circle.join(' → ')}`)
  answer.notes.forEach(say)
}

const COMMANDS: Record<string, (asked: Asked) => Promise<void>> = { snapshot, diff, trace }

/** `cordboard pbx`: the configuration of a PBX as it was, what changed in it, and where its calls go. */
export async function pbx(args: string[]): Promise<void> {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      host: text,
      did: text,
      caller: text,
      at: text,
      extension: text,
      tenant: text,
      fresh: flag,
      svg: flag,
      report: flag,
      help: flag,
    },
  })
  const [name = '', host, ...rest] = positionals
  if (values.help) return void process.stdout.write(USAGE)
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (!command || host === undefined) throw new CommandError(USAGE)
  await command({ hub: connect(values.tenant), host: encodeURIComponent(host), rest, values })
}
