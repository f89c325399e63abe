import { readFile, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import type { XapiAnswer, XapiOperation, XapiOperationList, XapiOperationShape } from '../contract/xapi.ts'
import { CommandError, connect, type Connection } from './connection.ts'
import { saveBody } from './save-body.ts'

const USAGE = `cordboard xapi HOST operations [--search TEXT] [--tag TAG] [--method GET]
cordboard xapi HOST show OPERATION
cordboard xapi HOST call OPERATION [NAME=VALUE …] [--body JSON | --body @FILE] [--confirm OPERATION] [--output FILE]

HOST is the id or the code of a PBX host. Operations are those the PBX itself describes; lists take $top=10, $filter=… and
the like (quote the dollar for the shell). An operation marked "confirm" wants its id once more.
`

const line = ({ id, method, path, writes, confirm, summary }: XapiOperation): string =>
  [id, method, path, confirm ? 'confirm' : writes ? 'writes' : 'reads', summary ?? ''].join('\t').trimEnd()

/** `cordboard xapi HOST operations | show | call`: what the PBX's own API can do, through the hub. */
export async function xapi(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      search: { type: 'string' },
      tag: { type: 'string' },
      method: { type: 'string' },
      body: { type: 'string' },
      confirm: { type: 'string' },
      output: { type: 'string' },
      tenant: { type: 'string' },
      help: { type: 'boolean' },
    },
  })
  if (values.help) return void process.stdout.write(USAGE)
  const [host, act, operationId, ...pairs] = positionals
  if (host === undefined || act === undefined) throw new CommandError(USAGE)
  const hub = connect(values.tenant)
  const base = `/api/v1/pbx3cx/${encodeURIComponent(host)}/xapi`
  if (act === 'operations' && operationId === undefined) {
    const query = new URLSearchParams()
    for (const name of ['search', 'tag', 'method'] as const) {
      const value = values[name]
      if (value !== undefined) query.set(name, name === 'method' ? value.toUpperCase() : value)
    }
    const { data } = await hub.json<XapiOperationList>('GET', `${base}/operations?${query.toString()}`)
    return void process.stdout.write(data.map((one) => `${line(one)}\n`).join(''))
  }
  if (operationId === undefined) throw new CommandError(USAGE)
  const described = `${base}/operations/${encodeURIComponent(operationId)}`
  if (act === 'show' && pairs.length === 0) {
    const shape = await hub.json<XapiOperationShape>('GET', described)
    return void process.stdout.write(`${JSON.stringify(shape, null, 2)}\n`)
  }
  if (act !== 'call') throw new CommandError(USAGE)
  const { parameters: known } = await hub.json<XapiOperationShape>('GET', described)
  const sent = {
    parameters: Object.fromEntries(pairs.map((pair) => readPair(pair, known))),
    ...(values.body === undefined ? {} : { body: await readBody(values.body) }),
    ...(values.confirm === undefined ? {} : { confirm: values.confirm }),
  }
  await call(hub, `${base}/${encodeURIComponent(operationId)}`, sent, values.output)
}

async function call(hub: Connection, path: string, sent: object, output: string | undefined): Promise<void> {
  const response = await hub.request('POST', path, {
    type: 'application/json',
    content: JSON.stringify(sent),
  })
  if (response.headers.has('content-disposition')) {
    if (output === undefined && process.stdout.isTTY)
      throw new CommandError('The PBX answers with a file: give --output FILE.')
    const cutOff = () => new CommandError('The PBX broke off in the middle of the file. Repeat it.')
    return saveBody(response, output, cutOff)
  }
  const { body } = (await response.json()) as XapiAnswer
  const text = `${JSON.stringify(body, null, 2)}\n`
  if (output === undefined) return void process.stdout.write(text)
  await writeFile(output, text, { mode: 0o600 }).catch((error: Error) => {
    throw new CommandError(error.message)
  })
  process.stdout.write(`${output}: ${Buffer.byteLength(text).toLocaleString('en')} bytes\n`)
}

/** `$top=10` as the operation takes it: a number, a truth, a list (separated by commas or as JSON), else a text. */
function readPair(pair: string, known: XapiOperation['parameters']): [string, unknown] {
  const at = pair.indexOf('=')
  if (at < 1) throw new CommandError(`"${pair}" is no NAME=VALUE.`)
  const [name, text] = [pair.slice(0, at), pair.slice(at + 1)]
  const type = known.find((one) => one.name === name)?.type
  if ((type === 'integer' || type === 'number') && /^-?\d+(\.\d+)?$/.test(text)) return [name, Number(text)]
  if (type === 'boolean' && /^(true|false)$/.test(text)) return [name, text === 'true']
  if (type === 'array') return [name, text.startsWith('[') ? readJson(text, name) : text.split(',')]
  return [name, text]
}

async function readBody(given: string): Promise<unknown> {
  if (!given.startsWith('@')) return readJson(given, '--body')
  const file = given.slice(1)
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new CommandError(error.message)
  })
  return readJson(text, file)
}

function readJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw new CommandError(`${what} is no JSON.`)
  }
}
