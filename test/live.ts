import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { LiveEvent } from '../contract/live.ts'
import { playStep } from '../pbx-simulator/calls/play.ts'
import { readScript } from '../pbx-simulator/calls/script.ts'
import { openSimulator, type Simulator, type SimulatorOptions } from '../pbx-simulator/simulator.ts'
import type { Engine } from '../server/platform/database/engine.ts'
import type { StoreAddress } from '../server/platform/database/store.ts'
import { ADMIN_TOKEN, type Ask, type Json } from './hub.ts'
import { post } from './pbx-fleet.ts'
import { newDirectory, newReadyAddress } from './stores.ts'
import { until } from './wire.ts'

export const PASSWORD = 'correct horse battery'

export type SimulatedPbx = {
  simulator: Simulator
  /** Does one step of a script now, such as `answer a by 101`; calls keep their names from step to step. */
  step(line: string): void
}

/** A pretended PBX whose calls go on as the test says. */
export async function newPbx(t: TestContext, options: SimulatorOptions = {}): Promise<SimulatedPbx> {
  const simulator = await openSimulator({ port: 0, world: 'small', ...options })
  t.after(() => simulator.close())
  const calls = new Map()
  return {
    simulator,
    step(line) {
      const [step] = readScript(`0 ${line}`)
      assert.ok(step)
      playStep(simulator.pbx, step, calls)
    },
  }
}

/** A place for a hub, and where its store is, for a look behind it. */
export async function newHome(
  t: TestContext,
  engine: Engine,
): Promise<{ address: StoreAddress; dataDir: string }> {
  const dataDir = await newDirectory(t)
  if (engine === 'sqlite')
    return { dataDir, address: { kind: 'sqlite', file: join(dataDir, 'cordboard.db') } }
  return { dataDir, address: await newReadyAddress(t, engine) }
}

/** Makes the PBX a host of a hub, watched unless told otherwise; answers its id. */
export async function addHost(
  ask: Ask,
  { simulator: { url, clientId, clientSecret } }: SimulatedPbx,
  more: Json = {},
  token = ADMIN_TOKEN,
): Promise<number> {
  const credentials = { xapi_url: url, xapi_client_id: clientId, xapi_client_secret: clientSecret }
  const named = { host_name: 'pbx.example', watch_calls: true }
  const host = await post(ask, 'pbx3cx-hosts', { ...named, ...credentials, ...more }, token)
  return host.id
}

export const liveOf = async (ask: Ask, host: number, token = ADMIN_TOKEN): Promise<Json> =>
  (await ask('GET', `/api/v1/pbx3cx/${host}/live`, { token })).json

/** Waits until the hub sees the calls of a host. */
export const untilWatched = (ask: Ask, host: number, token = ADMIN_TOKEN) =>
  until('the PBX is watched', async () => (await liveOf(ask, host, token)).status === 'watching')

export type Agent = { id: number; token: string }

/** Somebody with phones who is signed in. */
export async function newAgent(
  ask: Ask,
  email: string,
  phones: Json[],
  { role = 'agent', as = ADMIN_TOKEN }: { role?: string; as?: string } = {},
): Promise<Agent> {
  const body = { email, name: email, password: PASSWORD, memberships: [{ role, phones }] }
  const { id } = await post(ask, 'users', body, as)
  return { id, token: await signIn(ask, email) }
}

export async function signIn(ask: Ask, email: string): Promise<string> {
  const answer = await ask('POST', '/api/login', { body: { email, password: PASSWORD }, token: null })
  assert.equal(answer.status, 200, answer.text)
  return answer.json.token
}

export type Watcher = {
  /** What it was told so far. */
  events: LiveEvent[]
  /** `pop 101 +36…` */
  told(): string[]
  /** Waits for so many events in all. */
  count(n: number): Promise<void>
  /** Resolves with the reason the hub gave when the stream ended; null when it gave none. */
  ended: Promise<string | null>
  leave(): void
}

/** Reads `/api/v1/live` until the test ends; resolves once the hub has begun to tell. */
export async function watchLive(
  t: TestContext,
  url: string,
  token: string,
  { query = '', lastEventId }: { query?: string; lastEventId?: number } = {},
): Promise<Watcher> {
  const leaving = new AbortController()
  const response = await fetch(`${url}/api/v1/live${query}`, {
    headers: {
      authorization: `Bearer ${token}`,
      ...(lastEventId === undefined ? {} : { 'last-event-id': String(lastEventId) }),
    },
    signal: leaving.signal,
  })
  assert.equal(response.status, 200)
  assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/)
  assert.equal(response.headers.get('cache-control'), 'no-store')
  const events: LiveEvent[] = []
  const waiting: (() => void)[] = []
  let reason: string | null = null
  const take = (block: string) => {
    const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2)))
    if (fields['data'] === undefined) return
    const data = JSON.parse(fields['data'])
    if (fields['event'] === 'bye') reason = data.reason
    else {
      assert.deepEqual([fields['id'], fields['event']], [String(data.id), data.event])
      events.push(data)
    }
    for (const wake of waiting.splice(0)) wake()
  }
  const read = async () => {
    let text = ''
    for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
      text += piece
      const blocks = text.split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks) take(block)
    }
    return reason
  }
  const ended = read().catch(() => reason)
  t.after(() => leaving.abort())
  return {
    events,
    told: () => events.map(({ event, extension, number }) => `${event} ${extension} ${number}`),
    async count(n) {
      while (events.length < n) await new Promise<void>((resolve) => waiting.push(resolve))
    },
    ended,
    leave: () => leaving.abort(),
  }
}
