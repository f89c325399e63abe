import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A mistake or refusal the user should read as one line. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}

export type Connection = {
  url: string
  /** Sends a request to the hub; `path` begins with a slash. Refusals are thrown as CommandError. */
  request(method: string, path: string, body?: RequestBody): Promise<Response>
  json<T>(method: string, path: string, body?: unknown): Promise<T>
}

type RequestBody = { type: string; content: string | ReadableStream<Uint8Array> }

const LOOPBACK = /^(127(\.\d{1,3}){3}|localhost|\[::1\])$/

/** The token of a hub on this machine, as its first start wrote it. Never sent to another machine. */
function localToken(url: URL): string | null {
  if (!LOOPBACK.test(url.hostname)) return null
  const directory = process.env['CORDBOARD_DATA_DIR'] ?? fileURLToPath(new URL('../data', import.meta.url))
  const file = join(directory, 'admin-token')
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : null
}

function tokenFor(url: URL): string {
  const file = process.env['CORDBOARD_TOKEN_FILE']
  const token = process.env['CORDBOARD_TOKEN'] ?? (file ? readFileSync(file, 'utf8').trim() : localToken(url))
  if (token) return token
  throw new CommandError('No token: set CORDBOARD_TOKEN (the hub printed where its first one is).')
}

async function refusal(response: Response): Promise<CommandError> {
  const text = await response.text()
  try {
    const body = JSON.parse(text) as { message?: string; code?: string; errors?: Record<string, string[]> }
    const fields = Object.entries(body.errors ?? {}).map(
      ([field, messages]) => `  ${field}: ${messages.join(' ')}`,
    )
    return new CommandError(
      [`${body.message ?? text} (${response.status} ${body.code ?? ''})`, ...fields].join('\n'),
    )
  } catch {
    return new CommandError(`The hub answered ${response.status}: ${text.slice(0, 200)}`)
  }
}

/** The hub named by `CORDBOARD_URL` (default the local one), with the token of `CORDBOARD_TOKEN`. */
export function connect(tenant: string | undefined): Connection {
  const url = new URL(process.env['CORDBOARD_URL'] ?? 'http://127.0.0.1:8377')
  const token = tokenFor(url)
  const base = url.href.replace(/\/$/, '')

  const request: Connection['request'] = async (method, path, body) => {
    const headers: Record<string, string> = { authorization: `Bearer ${token}` }
    if (tenant !== undefined) headers['cordboard-tenant'] = tenant
    if (body) headers['content-type'] = body.type
    const init = { method, headers, body: body?.content, duplex: 'half' } as RequestInit
    const response = await fetch(base + path, init).catch((error: unknown) => {
      const { cause } = error as Error
      const why = cause instanceof Error ? cause.message : String(error)
      throw new CommandError(
        `No hub answers at ${base} (${why}). Is it running? CORDBOARD_URL says where to look.`,
      )
    })
    if (!response.ok) throw await refusal(response)
    return response
  }

  return {
    url: base,
    request,
    async json<T>(method: string, path: string, body?: unknown): Promise<T> {
      const sent =
        body === undefined ? undefined : { type: 'application/json', content: JSON.stringify(body) }
      return (await (await request(method, path, sent)).json()) as T
    },
  }
}
