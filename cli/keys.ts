import { parseArgs } from 'node:util'
import type { Page } from '../contract/common.ts'
import type { Key, Rotation } from '../contract/keys.ts'
import { CommandError, connect } from './connection.ts'

const USAGE = `cordboard keys list
cordboard keys rotate
cordboard keys rewrap

list    the data keys and how many stored secrets each protects
rotate  replaces the data key: every secret is sealed anew while the hub works; an interrupted rotation is gone on with
rewrap  after a change of the master key, on the hub's machine: CORDBOARD_SECRET_KEY holds the new one and
        CORDBOARD_SECRET_KEY_OLD the one before. A hub started with both does the same by itself.
`

function line(key: Key): string {
  const values = `${key.values} ${key.values === 1 ? 'value' : 'values'}`
  const until = key.retired_at === null ? '' : `until ${key.retired_at}`
  return [key.id, key.state, values, `since ${key.created_at}`, until].join('\t').trimEnd()
}

async function rotate(): Promise<void> {
  const done = await connect(undefined).json<Rotation>('POST', '/api/v1/keys/rotate')
  const lost = done.unreadable > 0 ? `, ${done.unreadable} that no key opens (the log names them)` : ''
  const outcome = done.finished ? '' : ' The hub stopped in between: the rest is done after its next start.'
  process.stdout.write(`${done.key}\tcurrent, ${done.rewritten} sealed anew${lost}.${outcome}\n`)
  if (!done.finished || done.unreadable > 0) process.exitCode = 1
}

/** `cordboard keys list | rotate | rewrap`. */
export async function keys(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { help: { type: 'boolean' } },
  })
  const [act = 'list'] = positionals
  if (values.help) return void process.stdout.write(USAGE)
  if (act === 'list') {
    const { data } = await connect(undefined).json<Page<Key>>('GET', '/api/v1/keys?per_page=200')
    return void process.stdout.write(data.map((key) => `${line(key)}\n`).join(''))
  }
  if (act === 'rotate') return rotate()
  if (act !== 'rewrap') throw new CommandError(USAGE)
  const { rewrap } = await import('./rewrap.ts')
  await rewrap()
}
