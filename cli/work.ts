import { parseArgs } from 'node:util'
import type { Page } from '../contract/common.ts'
import type { WorkTask } from '../contract/work.ts'
import { CommandError, connect } from './connection.ts'

const USAGE = `cordboard work list [--state dead] [--kind KIND]
cordboard work redrive ID

States: waiting, due, running, dead.
`

const line = (task: WorkTask) =>
  [
    task.id,
    task.kind,
    task.state,
    `due ${task.due_at}`,
    task.lease ? `on ${task.lease.owner}` : `${task.attempts} attempts`,
    task.last_error ?? '',
  ]
    .join('\t')
    .trimEnd()

/** `cordboard work list | redrive`. */
export async function work(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      state: { type: 'string' },
      kind: { type: 'string' },
      tenant: { type: 'string' },
      help: { type: 'boolean' },
    },
  })
  const [act = 'list', id] = positionals
  if (values.help) return void process.stdout.write(USAGE)
  const hub = connect(values.tenant)
  if (act === 'list') {
    const query = new URLSearchParams({ per_page: '200' })
    if (values.state !== undefined) query.set('filter[state]', values.state)
    if (values.kind !== undefined) query.set('filter[kind]', values.kind)
    const { data, total } = await hub.json<Page<WorkTask>>('GET', `/api/v1/work?${query.toString()}`)
    process.stdout.write(data.map((task) => `${line(task)}\n`).join(''))
    if (total > data.length) process.stderr.write(`${total - data.length} more\n`)
    return
  }
  if (act !== 'redrive' || id === undefined) throw new CommandError(USAGE)
  const task = await hub.json<WorkTask>('POST', `/api/v1/work/${encodeURIComponent(id)}/redrive`)
  process.stdout.write(`${line(task)}\n`)
}
