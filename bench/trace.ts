import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSimulator } from '../pbx-simulator/simulator.ts'
import { openHub } from '../server/hub.ts'
import { envToConfig } from '../server/platform/config.ts'
import { readEnv } from '../server/platform/env.ts'
import { openLog } from '../server/platform/log.ts'

/**
 * A snapshot of a PBX with 500 extensions, the difference of two, and a trace, each over HTTP at a hub. Beside each the
 * baseline in the same run: the same requests to the PBX without keeping anything, and the hub's shortest answer.
 * `npm run bench -- trace [EXTENSIONS]`.
 */
const extensions = Number(process.argv[2] ?? 500)
const TOKEN = 'bench-token-of-forty-characters-0000000000'
const directory = mkdtempSync(join(tmpdir(), 'cordboard-bench-'))
const simulator = await openSimulator({ world: `fleet-${extensions}`, instant: true })
const { config, secrets } = envToConfig(
  readEnv({
    CORDBOARD_PORT: '0',
    CORDBOARD_DATA_DIR: directory,
    CORDBOARD_ADMIN_TOKEN: TOKEN,
    CORDBOARD_COUNTRY: 'FR',
  }),
)
const hub = await openHub({ config, secrets, log: openLog({ level: 'silent' }) })

async function ask(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const headers: Record<string, string> = { authorization: `Bearer ${TOKEN}` }
  if (body !== undefined) headers['content-type'] = 'application/json'
  const response = await fetch(`${hub.url}/api/v1/${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text}`)
  return JSON.parse(text) as Record<string, unknown>
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const from = performance.now()
  await act()
  return performance.now() - from
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0

async function rounds(count: number, act: (round: number) => Promise<unknown>): Promise<number> {
  const values: number[] = []
  for (let round = 0; round < count; round++) values.push(await timed(() => act(round)))
  return median(values)
}

try {
  const host = await ask('POST', 'pbx3cx-hosts', {
    host_name: 'bench.example',
    xapi_url: simulator.url,
    xapi_client_id: simulator.clientId,
    xapi_client_secret: simulator.clientSecret,
    fetch_snapshots: false,
  })
  const at = `pbx3cx/${String(host['code'])}`
  const first = await timed(() => ask('POST', `${at}/snapshots`))
  simulator.requests.clear()
  const unchanged = await rounds(3, () => ask('POST', `${at}/snapshots`))
  const read = simulator.requests.list().slice(0, Math.ceil(simulator.requests.list().length / 3))
  const queue = simulator.pbx.store.rows('Queues')[0]
  const changed = await rounds(3, (round) => {
    if (queue) queue['MasterTimeout'] = 100 + round
    return ask('POST', `${at}/snapshots`)
  })
  const [from, to] = [1, 2]
  const list = (await ask('GET', `${at}/snapshots?per_page=200`))['data'] as { id: number }[]
  const ids = list.map(({ id }) => id).sort((a, b) => a - b)
  const diff = await rounds(11, () =>
    ask('GET', `${at}/snapshots/diff?from=${ids[0] ?? from}&to=${ids.at(-1) ?? to}`),
  )
  const rule = simulator.pbx.store.rows('InboundRules').at(-1)
  const did = encodeURIComponent(String(rule?.['Data']))
  const trace = await rounds(21, () => ask('GET', `${at}/trace?did=${did}&caller=%2B33612345678`))
  const report = await rounds(5, () => ask('GET', `${at}/trace/report`))
  const ways = await rounds(11, () => ask('GET', `${at}/trace?extension=1000`))
  const shortest = await rounds(21, () => ask('GET', `pbx3cx-hosts/${String(host['id'])}`))
  const { size } = (await ask('GET', `${at}/snapshots?per_page=1`)) as { size?: number }

  const ms = (value: number) => `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`
  const rows = [
    ['snapshot, the first', ms(first), `${read.length} requests to the PBX; under 10 s`],
    ['snapshot, unchanged', ms(unchanged), 'under 10 s'],
    ['snapshot, changed', ms(changed), 'under 10 s'],
    ['difference of two', ms(diff), 'under 200 ms'],
    ['trace', ms(trace), 'under 50 ms'],
    ['report', ms(report), ''],
    ['ways into an extension', ms(ways), ''],
    ['reading the host: the least a request takes', ms(shortest), 'the baseline'],
  ]
  console.log(`${extensions} extensions${size === undefined ? '' : `, ${size} bytes`}\n`)
  console.log('| measure | median | compared with |\n|---|---|---|')
  for (const row of rows) console.log(`| ${row.join(' | ')} |`)
} finally {
  await hub.close()
  await simulator.close()
  rmSync(directory, { recursive: true, force: true })
}
