import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { openSimulator, type Simulator, type SimulatorOptions } from '../pbx-simulator/simulator.ts'
import type { Engine } from '../server/platform/database/engine.ts'
import { newHub, type Answer, type Json, type TestHub, type TestHubOptions } from './hub.ts'
import { post } from './pbx-fleet.ts'
import { newMasterKey } from './vault.ts'

/** A hub, a pretended PBX, and the host by which the hub knows it. */
export type PbxBehind = TestHub & {
  simulator: Simulator
  host: Json
  /** `POST …/xapi/{operationId}`. */
  call(operationId: string, input?: Json, options?: CallOptions): Promise<Answer>
}
type CallOptions = { token?: string; headers?: Record<string, string> }

/** What a host is given to speak to this PBX. */
export const settingsFor = (simulator: Simulator): Json => ({
  host_name: 'pbx.example',
  xapi_url: simulator.url,
  xapi_client_id: simulator.clientId,
  xapi_client_secret: simulator.clientSecret,
})

/** Opens all three; closed when the test ends. */
export async function newPbxBehind(
  t: TestContext,
  engine: Engine,
  options: SimulatorOptions & { hub?: TestHubOptions } = {},
): Promise<PbxBehind> {
  const { hub: hubOptions, ...simulated } = options
  const simulator = await openSimulator({ port: 0, instant: true, ...simulated })
  t.after(() => simulator.close())
  const env = { CORDBOARD_SECRET_KEY: newMasterKey(), ...hubOptions?.env }
  const hub = await newHub(t, engine, { ...hubOptions, env })
  const host = await post(hub.ask, 'pbx3cx-hosts', settingsFor(simulator))
  return {
    ...hub,
    simulator,
    host,
    call: (operationId, input = {}, more = {}) =>
      hub.ask('POST', `/api/v1/pbx3cx/${host.id}/xapi/${encodeURIComponent(operationId)}`, {
        body: input,
        ...more,
      }),
  }
}

/** Asserts status and code of an answer, and hands it on. */
export function told(answer: Answer, status: number, code?: string): Json {
  assert.deepEqual([answer.status, code && answer.json?.code], [status, code], answer.text.slice(0, 500))
  return answer.json
}

/** The changes of PBXs as the section of audits shows them, newest first. */
export async function changesOf({ ask }: Pick<TestHub, 'ask'>): Promise<Json[]> {
  const { json } = await ask('GET', '/api/v1/pbx3cx-audits?kind=change&per_page=100&sort=-id')
  return json.data as Json[]
}
