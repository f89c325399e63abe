import type { Row } from './model/pbx.ts'
import { openSimulator, type Simulator, type SimulatorOptions } from './simulator.ts'

/** A client of a simulator for its own tests: plain HTTP with the token taken care of. */
export type Client = {
  simulator: Simulator
  token: string
  /** Sends a request below the address of the simulator; a body is sent as JSON. */
  ask: (method: string, path: string, body?: unknown) => Promise<Reply>
  /** The rows of a list below `/xapi/v1`. */
  list: (path: string) => Promise<Row[]>
  signIn: (form?: Record<string, string>) => Promise<Reply>
  control: (method: string, path: string, body?: unknown) => Promise<Reply>
}
export type Reply = { status: number; headers: Headers; text: string; json: Row }

/** What an answer's text holds when it is JSON. */
function read(text: string): Row {
  try {
    return JSON.parse(text) as Row
  } catch {
    return {}
  }
}

async function send(url: string, method: string, token: string, body: unknown): Promise<Reply> {
  const headers: Record<string, string> = { authorization: `Bearer ${token}` }
  if (body !== undefined) headers['content-type'] = 'application/json'
  const response = await fetch(url, {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, json: read(text) }
}

/** Opens a simulator at a free port and signs in. */
export async function openClient(
  t: { after: (close: () => Promise<void>) => void },
  options: SimulatorOptions = {},
): Promise<Client> {
  const simulator = await openSimulator({ instant: true, ...options })
  t.after(() => simulator.close())
  const { url, clientId, clientSecret, controlToken } = simulator
  const client: Client = {
    simulator,
    token: '',
    ask: (method, path, body) => send(url + path, method, client.token, body),
    list: async (path) => {
      const reply = await client.ask('GET', `/xapi/v1${path}`)
      if (reply.status !== 200) throw new Error(`${path} answered ${reply.status}: ${reply.text}`)
      return reply.json.value as Row[]
    },
    signIn: async (form) => {
      const fields = {
        client_id: clientId,
        client_secret: clientSecret,
        grant_type: 'client_credentials',
        ...form,
      }
      const response = await fetch(`${url}/connect/token`, {
        method: 'POST',
        body: new URLSearchParams(fields),
      })
      const text = await response.text()
      const json = read(text)
      if (typeof json.access_token === 'string') client.token = json.access_token
      return { status: response.status, headers: response.headers, text, json }
    },
    control: (method, path, body) => send(`${url}/simulator${path}`, method, controlToken, body),
  }
  await client.signIn()
  return client
}
