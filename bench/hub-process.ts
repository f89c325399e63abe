import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { createWriteStream, openSync } from 'node:fs'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import packageJson from '../package.json' with { type: 'json' }
import { startServer } from './processes.ts'

export const ADMIN_TOKEN = 'bench-only-token-of-forty-characters-0000'
const CLI = fileURLToPath(new URL('../cli/main.ts', import.meta.url))

/** The i-th number of a book: French mobiles, spread so that neighbours in the book are not neighbours in the index. */
export const numberOf = (i: number): string => `+336${String((i * 7_919) % 100_000_000).padStart(8, '0')}`

/** A book of `numbers` numbers from the `first` on: a customer's own and three persons' each. Accounts begin with `series`. */
export async function writeBook(file: string, series: string, first: number, numbers: number): Promise<void> {
  const out = createWriteStream(file)
  out.write('customer_account,customer_name,customer_phone,vip,first_name,last_name,contact_phones\n')
  for (let i = 0; i < Math.floor(numbers / 4); i++) {
    const base = first + i * 4
    const customer = `${series}${i},Customer ${i},${numberOf(base)},${i % 50 === 0 ? 1 : 0}`
    const rows = [1, 2, 3].map((k) => `${customer},First${k},Last${i},${numberOf(base + k)}\n`)
    if (!out.write(rows.join(''))) await once(out, 'drain')
  }
  out.end()
  await once(out, 'finish')
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  return typeof address === 'object' && address ? address.port : 0
}

async function until(url: string): Promise<void> {
  for (let i = 0; i < 6_000; i++) {
    const isUp = await fetch(url).then(
      (response) => response.ok,
      () => false,
    )
    if (isUp) return
    await wait(100)
  }
  throw new Error(`nothing answers at ${url}`)
}

export type HubProcess = {
  port: number
  process: ChildProcess
  /** Imports a book and waits for its end. */
  importBook(file: string): Promise<void>
  /** Lets the hub's threads use both cores, as they do outside of a bench; `pin` holds them on core 0 again. */
  unpin(): void
  pin(): void
}

type HubOptions = { environment?: NodeJS.ProcessEnv; cores?: string }

/** The hub as `npm start` ships it, its log going to a file, on core 0 unless told otherwise. */
export async function startHub(
  directory: string,
  postgres: string | undefined,
  { environment: more = {}, cores }: HubOptions = {},
): Promise<HubProcess> {
  const port = await freePort()
  const log = openSync(join(directory, 'hub.log'), 'a')
  const environment = {
    CORDBOARD_PORT: String(port),
    CORDBOARD_DATA_DIR: join(directory, 'data'),
    CORDBOARD_ADMIN_TOKEN: ADMIN_TOKEN,
    CORDBOARD_COUNTRY: 'FR',
    DATABASE_URL: postgres ?? '',
    ...more,
  }
  const nodeFlags =
    /run\.mjs(.*) server\/main\.ts/.exec(packageJson.scripts.start)?.[1]?.split(' ').filter(Boolean) ?? []
  const hub = startServer('../server/main.ts', {
    nodeFlags,
    environment,
    output: log,
    ...(cores ? { cores } : {}),
  })
  const pinTo = (on: string) => void spawnSync('taskset', ['-a', '-p', '-c', on, String(hub.pid)])
  await until(`http://127.0.0.1:${port}/health/ready`)
  return {
    port,
    process: hub,
    async importBook(file) {
      const env = { ...process.env, CORDBOARD_URL: `http://127.0.0.1:${port}`, CORDBOARD_TOKEN: ADMIN_TOKEN }
      const child = spawn(process.execPath, [CLI, 'import', file], {
        env,
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      child.stderr?.resume()
      const [code] = (await once(child, 'exit')) as [number]
      if (code !== 0) throw new Error('the import failed')
    },
    unpin: () => pinTo('0,1'),
    pin: () => pinTo('0'),
  }
}

/** Paths that ask for `asked` of the first `numbers` numbers, in no order. */
export function questions(numbers: number, asked: number): string[] {
  return Array.from({ length: asked }, (_, i) => {
    const number = numberOf(Math.floor((i * 104_729) % numbers))
    return `/api/isKnownPhoneNumber?phoneNumber=${encodeURIComponent(number)}`
  })
}
