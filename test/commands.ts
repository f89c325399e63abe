import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import type { TestContext } from 'node:test'
import pg from 'pg'
import type { StoreAddress } from '../server/platform/database/store.ts'
import { ADMIN_TOKEN } from './hub.ts'

const COMMANDS = fileURLToPath(new URL('../cli/main.ts', import.meta.url))

export type Ended = { code: number | null; said: string }

/** The environment of a command or hub that works on this store. */
export function environmentOf(address: StoreAddress, dataDir: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    CORDBOARD_DATA_DIR: dataDir,
    CORDBOARD_ADMIN_TOKEN: ADMIN_TOKEN,
    CORDBOARD_TOKEN: ADMIN_TOKEN,
    CORDBOARD_COUNTRY: 'FR',
    CORDBOARD_PORT: '0',
    DATABASE_URL: address.kind === 'postgres' ? address.url : '',
  }
}

/** `cordboard …args` as a process of its own, killed at the latest when the test ends. */
export function startCommand(
  t: TestContext,
  args: string[],
  env: NodeJS.ProcessEnv,
): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [COMMANDS, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += String(chunk)))
  t.after(() => child.kill('SIGKILL'))
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, said }))
  return { child, ended }
}

export async function runCommand(t: TestContext, args: string[], env: NodeJS.ProcessEnv): Promise<Ended> {
  return await startCommand(t, args, env).ended
}

/** Table → its rows as text in sorted order, read without any code of ours. */
export type Content = Record<string, string[]>

const asText = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))

const rowsAsText = (rows: Record<string, unknown>[]): string[] =>
  rows
    .map((row) => {
      const cells = Object.entries(row).map(([name, value]) => [name, value === null ? null : asText(value)])
      return JSON.stringify(cells.sort(([one], [other]) => (String(one) < String(other) ? -1 : 1)))
    })
    .sort()

const OWN_TO_THE_STORE = /^(sqlite_|kysely_|id_sequences)/

/** Everything in the store but what each engine keeps for itself. */
export async function contentOf(address: StoreAddress): Promise<Content> {
  const content: Content = {}
  if (address.kind === 'sqlite') {
    const database = new DatabaseSync(address.file, { readOnly: true })
    const tables = database.prepare(`select name from sqlite_master where type = 'table'`).all()
    for (const { name } of tables as { name: string }[]) {
      if (!OWN_TO_THE_STORE.test(name))
        content[name] = rowsAsText(database.prepare(`select * from "${name}"`).all())
    }
    database.close()
    return content
  }
  const client = new pg.Client({ connectionString: address.url })
  await client.connect()
  try {
    const tables = await client.query(`select tablename as name from pg_tables where schemaname = 'public'`)
    for (const { name } of tables.rows as { name: string }[]) {
      if (!OWN_TO_THE_STORE.test(name))
        content[name] = rowsAsText((await client.query(`select * from "${name}"`)).rows)
    }
  } finally {
    await client.end()
  }
  return content
}
