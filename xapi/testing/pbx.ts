import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { memoryCacheStore, openXapi, type XapiClient, type XapiOptions } from '../xapi.ts'
import { pretendYaml } from './description.ts'

export const SECRET = 'planted-secret+with/odd=characters'

export type Heard = {
  method: string
  url: string
  path: string
  headers: IncomingMessage['headers']
  body: string
}
export type Reply = { status?: number; headers?: Record<string, string>; body?: unknown }
type Answer = (heard: Heard, response: ServerResponse) => Reply | null | Promise<Reply | null>

/** A PBX as far as its protocol goes: tokens of which one lives, a description, and whatever answers a test gives it. */
export type PretendPbx = {
  url: string
  server: Server
  heard: Heard[]
  /** Answers a path below `/xapi/v1`, by its beginning; the longest wins. `null` leaves the response to the test. */
  on(path: string, answer: Reply | Answer): void
  tokens: {
    issued: number
    live: string | null
    /** Of a JWT, in seconds; null issues tokens that are no JWT. */
    seconds: number | null
    expiresIn: number
    reply: Reply | null
    /** Kills the living one. */
    kill(): void
  }
  description: {
    yaml: string | null
    json: string | null
    metadata: string | null
    needsToken: boolean
    /** Of the YAML, when it is there. */
    status: number
    asked: string[]
  }
  version: string | null
  /** The most requests that were under way at once. */
  mostAtOnce(): number
}

export async function openPretendPbx(
  t: TestContext,
  tls?: { key: string; cert: string },
): Promise<PretendPbx> {
  const routes = new Map<string, Answer>()
  let [now, most] = [0, 0]
  const server = tls ? createSecureServer(tls, listen) : createServer(listen)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const pbx: PretendPbx = {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    server,
    heard: [],
    on: (path, answer) => void routes.set(path, typeof answer === 'function' ? answer : () => answer),
    tokens: {
      issued: 0,
      live: null,
      seconds: 3600,
      expiresIn: 60,
      reply: null,
      kill: () => (pbx.tokens.live = null),
    },
    description: {
      yaml: pretendYaml(),
      json: null,
      metadata: null,
      needsToken: false,
      status: 200,
      asked: [],
    },
    version: '20.0.9.1',
    mostAtOnce: () => most,
  }

  function listen(request: IncomingMessage, response: ServerResponse) {
    most = Math.max(most, ++now)
    response.on('close', () => now--)
    void answer(request, response)
  }

  async function answer(request: IncomingMessage, response: ServerResponse) {
    let body = ''
    for await (const piece of request) body += String(piece)
    const { url = '', method = '', headers } = request
    const path = (url.split('?')[0] ?? '').replace('/xapi/v1', '')
    const heard = { method, url, path, headers, body }
    pbx.heard.push(heard)
    const reply = url === '/connect/token' ? issue() : await replyTo(heard, response)
    if (reply === null) return
    const { status = 200, headers: extra = {}, body: content } = reply
    const isBytes = typeof content === 'string' || Buffer.isBuffer(content)
    response.writeHead(status, {
      ...(content === undefined || isBytes ? {} : { 'content-type': 'application/json' }),
      ...(pbx.version === null ? {} : { 'x-3cx-version': pbx.version }),
      ...extra,
    })
    response.end(content === undefined ? '' : isBytes ? content : JSON.stringify(content))
  }

  function issue(): Reply {
    if (pbx.tokens.reply !== null) return pbx.tokens.reply
    pbx.tokens.issued++
    const { seconds, expiresIn } = pbx.tokens
    const iat = Math.floor(Date.now() / 1000)
    const claims = Buffer.from(JSON.stringify({ iat, exp: iat + (seconds ?? 0) })).toString('base64url')
    pbx.tokens.live =
      seconds === null
        ? `planted-token-${pbx.tokens.issued}`
        : `eyJhbGciOiJFUzI1NiJ9.${claims}.planted${pbx.tokens.issued}`
    return {
      body: {
        token_type: 'Bearer',
        expires_in: expiresIn,
        access_token: pbx.tokens.live,
        refresh_token: null,
      },
    }
  }

  function replyTo(heard: Heard, response: ServerResponse): ReturnType<Answer> {
    const { yaml, json, metadata, needsToken, status } = pbx.description
    const text = { '/swagger.yaml': yaml, '/swagger.json': json, '/$metadata': metadata }[heard.path]
    const isLetIn = heard.headers.authorization === `Bearer ${pbx.tokens.live}`
    if (text !== undefined) {
      pbx.description.asked.push(heard.path)
      if (needsToken && !isLetIn) return { status: 401 }
      if (status !== 200 && heard.path === '/swagger.yaml') return { status }
      return text === null ? { status: 404 } : { headers: { 'content-type': 'text/plain' }, body: text }
    }
    const route = [...routes.keys()]
      .filter((path) => heard.path.startsWith(path))
      .sort((a, b) => b.length - a.length)[0]
    if (!isLetIn && !heard.path.startsWith('/open')) return { status: 401 }
    if (heard.url.endsWith('/Defs?$select=Id') && route === undefined) return { body: { value: [] } }
    const answerTo = routes.get(route ?? '')
    return answerTo === undefined ? { status: 404 } : answerTo(heard, response)
  }

  return pbx
}

/** The same description is read once for all tests of a file. */
const cache = memoryCacheStore()

/** A client of it that is closed with the test. */
export function openClient(
  t: TestContext,
  pbx: { url: string },
  options: Partial<XapiOptions> = {},
): XapiClient {
  const client = openXapi({ url: pbx.url, clientId: 'hub', clientSecret: SECRET, cache, ...options })
  t.after(() => client.close())
  return client
}
