import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSimulator } from '../pbx-simulator/simulator.ts'
import { openHub } from '../server/hub.ts'
import { envToConfig } from '../server/platform/config.ts'
import { readEnv } from '../server/platform/env.ts'
import { openLog } from '../server/platform/log.ts'

/**
 * Plans over the rules of a PBX with 500 numbers, and one applied, over HTTP at a hub. Beside each the processor time of hub and
 * PBX together, which are one process here; the baseline is what the PBX needs to be asked for the same.
 * `npm run bench -- rules [RULES]`.
 */
const count = Number(process.argv[2] ?? 500)
const TOKEN = 'bench-token-of-forty-characters-0000000000'
const directory = mkdtempSync(join(tmpdir(), 'cordboard-bench-'))
const simulator = await openSimulator({ world: `fleet-${count}`, instant: true })
const { config, secrets } = envToConfig(
  readEnv({
    CORDBOARD_PORT: '0',
    CORDBOARD_DATA_DIR: directory,
    CORDBOARD_ADMIN_TOKEN: TOKEN,
    CORDBOARD_COUNTRY: 'FR',
  }),
)
const hub = await openHub({ config, secrets, log: openLog({ level: 'silent' }) })

type Answer = Record<string, unknown>
async function askText(
  method: string,
  path: string,
  body?: string,
  type = 'application/json',
): Promise<string> {
  const headers: Record<string, string> = { authorization: `Bearer ${TOKEN}` }
  if (body !== undefined) headers['content-type'] = type
  const response = await fetch(`${hub.url}/api/v1/${path}`, { method, headers, body: body ?? null })
  const text = await response.text()
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text}`)
  return text
}
const ask = async (...asked: Parameters<typeof askText>) => JSON.parse(await askText(...asked)) as Answer

type Cost = { wall: number; cpu: number }
async function costOf(act: () => Promise<unknown>): Promise<Cost> {
  const [from, used] = [performance.now(), process.cpuUsage()]
  await act()
  const { user, system } = process.cpuUsage(used)
  return { wall: performance.now() - from, cpu: (user + system) / 1000 }
}
async function median(rounds: number, act: () => Promise<unknown>): Promise<Cost> {
  const costs: Cost[] = []
  for (let round = 0; round < rounds; round++) costs.push(await costOf(act))
  return costs.toSorted((a, b) => a.cpu - b.cpu)[rounds >> 1] ?? { wall: 0, cpu: 0 }
}

try {
  const host = await ask(
    'POST',
    'pbx3cx-hosts',
    JSON.stringify({
      host_name: 'bench.example',
      xapi_url: simulator.url,
      xapi_client_id: simulator.clientId,
      xapi_client_secret: simulator.clientSecret,
      fetch_snapshots: false,
    }),
  )
  const at = `pbx3cx/${String(host['code'])}`
  const rules = `${at}/inbound-rules`
  const first = await costOf(() => ask('POST', `${at}/snapshots`))
  const file = await askText('GET', `${rules}/export`)
  const csv = await askText('GET', `${rules}/export?format=csv`)
  const changedFile = file.replaceAll(
    /office_hours_destination: Extension (\d+)/g,
    'office_hours_destination: VoiceMail $1',
  )
  const plan = (text: string, type: string) => () => ask('POST', `${rules}/plans`, text, type)

  simulator.requests.clear()
  await plan(file, 'application/yaml')()
  const requests = simulator.requests.list().map(({ path, query }) => `${path}${query}`)
  const exported = await median(5, () => askText('GET', `${rules}/export`))
  const unchanged = await median(5, plan(file, 'application/yaml'))
  const unchangedCsv = await median(5, plan(csv, 'text/csv'))
  const changed = await median(5, plan(changedFile, 'application/yaml'))
  const made = await plan(changedFile, 'application/yaml')()
  const applied = await costOf(async () => {
    const path = `${rules}/plans/${String(made['id'])}`
    await ask('POST', `${path}/apply`)
    for (;;) {
      const { state, failure } = await ask('GET', path)
      if (state === 'applied') return
      if (state === 'stopped') throw new Error(JSON.stringify(failure))
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  })

  // At the end: whoever signs in takes the token of the hub away.
  const signIn = await fetch(`${simulator.url}/connect/token`, {
    method: 'POST',
    body: new URLSearchParams({
      client_id: simulator.clientId,
      client_secret: simulator.clientSecret,
      grant_type: 'client_credentials',
    }),
  })
  const { access_token: token } = (await signIn.json()) as { access_token: string }
  const baseline = await median(5, async () => {
    for (const path of requests)
      await (await fetch(simulator.url + path, { headers: { authorization: `Bearer ${token}` } })).text()
  })

  const ms = (value: number) => `${value.toFixed(0)} ms`
  const table: [string, Cost, string][] = [
    [`the PBX alone, asked for the same (${requests.length} requests)`, baseline, 'the baseline'],
    ['export', exported, ''],
    ['plan, nothing to change (YAML)', unchanged, 'under 2 s'],
    ['plan, nothing to change (CSV)', unchangedCsv, 'under 2 s'],
    [
      `plan, every rule changed (${String((made['answers'] as unknown[]).length)} answers)`,
      changed,
      'under 2 s',
    ],
    [`apply ${String(made['changed'])} changes`, applied, ''],
    ['the snapshot before, for comparison', first, ''],
  ]
  console.log(`${count} rules, file of ${file.length} bytes\n`)
  console.log('| measure | by the clock | processor time | wanted |\n|---|---|---|---|')
  for (const [what, { wall, cpu }, wanted] of table)
    console.log(`| ${what} | ${ms(wall)} | ${ms(cpu)} | ${wanted} |`)
} finally {
  await hub.close()
  await simulator.close()
  rmSync(directory, { recursive: true, force: true })
}
