import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { openHub, type Hub } from '../server/hub.ts'
import { envToConfig, storeAddress } from '../server/platform/config.ts'
import type { Clock } from '../server/platform/clock.ts'
import type { Engine } from '../server/platform/database/engine.ts'
import type { StoreAddress } from '../server/platform/database/store.ts'
import { readEnv } from '../server/platform/env.ts'
import { openLog, type Log } from '../server/platform/log.ts'
import { copyReadyFile } from './ready-stores.ts'
import { newDirectory, newReadyAddress } from './stores.ts'

export const ADMIN_TOKEN = 'test-admin-token-of-forty-characters-000'

/** A parsed answer: tests say what they expect of it, the compiler need not. */
export type Json = ReturnType<typeof JSON.parse>

export type Answer = { status: number; headers: Headers; text: string; json: Json }
export type Ask = (
  method: string,
  path: string,
  options?: { body?: unknown; token?: string | null; headers?: Record<string, string>; type?: string },
) => Promise<Answer>

export type TestHub = {
  hub: Hub
  ask: Ask
  /** Creates a token with these scopes in the tenant of `as` and answers its secret. */
  newToken(scopes: string[], more?: Record<string, unknown>, as?: string): Promise<string>
  /** Imports a book and waits for its end. */
  importBook(csv: string, query?: string, token?: string): Promise<Json>
}

export type TestHubOptions = {
  clock?: Clock
  env?: Record<string, string>
  address?: StoreAddress
  dataDir?: string
  log?: Log
  /** Where the built console is; by default where there is none. */
  consoleDir?: string
}

/** Speaks HTTP to a hub: JSON unless `type` says otherwise, with the admin token unless `token` says otherwise. */
export function askAt(url: string): Ask {
  return async (method, path, { body, token = ADMIN_TOKEN, headers = {}, type } = {}) => {
    const sent: Record<string, string> = { ...headers }
    if (token !== null) sent['authorization'] = `Bearer ${token}`
    if (body !== undefined) sent['content-type'] = type ?? 'application/json'
    const content = body === undefined ? null : type === undefined ? JSON.stringify(body) : (body as string)
    const init: RequestInit = { method, headers: sent, body: content }
    const response = await fetch(url + path, init)
    const text = await response.text()
    let json: unknown = null
    try {
      json = JSON.parse(text)
    } catch {
      // Not every answer is JSON.
    }
    return { status: response.status, headers: response.headers, text, json }
  }
}

/** A whole hub on a free port of the loopback, closed when the test ends. */
export async function newHub(t: TestContext, engine: Engine, options: TestHubOptions = {}): Promise<TestHub> {
  const dataDir = options.dataDir ?? (await newDirectory(t))
  const address = options.address ?? (engine === 'sqlite' ? null : await newReadyAddress(t, engine))
  const { config, secrets } = envToConfig(
    readEnv({
      CORDBOARD_PORT: '0',
      CORDBOARD_DATA_DIR: dataDir,
      CORDBOARD_ADMIN_TOKEN: ADMIN_TOKEN,
      CORDBOARD_COUNTRY: 'FR',
      ...(address?.kind === 'postgres' ? { DATABASE_URL: address.url } : {}),
      ...options.env,
    }),
  )
  const store = storeAddress(config, secrets)
  if (store.kind === 'sqlite' && existsSync(config.dataDir) && !existsSync(store.file))
    await copyReadyFile(store.file)
  const log = options.log ?? openLog({ level: 'silent' })
  const consoleDir = options.consoleDir ?? join(dataDir, 'no-console')
  const hub = await openHub({
    config,
    secrets,
    log,
    consoleDir,
    ...(options.clock ? { clock: options.clock } : {}),
  })
  t.after(() => hub.close())
  const ask = askAt(hub.url)
  return {
    hub,
    ask,
    async newToken(scopes, more = {}, as = ADMIN_TOKEN) {
      const made = await ask('POST', '/api/v1/tokens', { body: { name: 'test', scopes, ...more }, token: as })
      if (made.status !== 201) throw new Error(`no token: ${made.text}`)
      return made.json.token
    },
    async importBook(csv, query = '', token = ADMIN_TOKEN) {
      const started = await ask('POST', `/api/v1/imports?${query}`, { body: csv, type: 'text/csv', token })
      if (started.status !== 202) throw new Error(`no import: ${started.status} ${started.text}`)
      return await hub.directory.imports.finished(hub.operatorTenantId, started.json.id)
    },
  }
}
