import type { LookupFunction } from 'node:net'
import { openCallControl, type CallControl } from './call-control/call-control.ts'
import { openConnection, type Deadlines } from './connection.ts'
import type { TlsPolicy } from './dial.ts'
import { openDiscovery } from './discovery/discovery.ts'
import type { DriftReport } from './discovery/drift.ts'
import { memoryCacheStore, type CacheStore } from './discovery/index-cache.ts'
import { XapiError } from './errors.ts'
import type { OperationInput } from './operations/build-request.ts'
import { openCaller, type CallOptions, type Exchange } from './operations/caller.ts'
import type { Operation, OperationIndex } from './operations/operation.ts'
import type { Download } from './operations/read-answer.ts'
import { pages, type PageOptions } from './paging.ts'
import { onePage } from './resources/collection.ts'
import { openResources, type Resources } from './resources/resources.ts'
import { openSecrets } from './secrets.ts'
import { openSession } from './session.ts'
import { openTokens } from './token.ts'
import { memoryTokenStore, type TokenStore } from './token-store.ts'

export type XapiOptions = {
  /** `https://name:port`, whatever the port. */
  url: string
  /** Of the API client that was made in the PBX's console. */
  clientId: string
  clientSecret: string
  /** Default `verify`. */
  tls?: TlsPolicy
  /** Share one among everybody who uses the same API client; the default knows this client alone. */
  tokens?: TokenStore
  /** Keeps descriptions that were read; the default forgets them with this client. */
  cache?: CacheStore
  /** Default 10 s to connect, 30 s to the head of an answer, 60 s for a body. */
  deadlines?: Partial<Deadlines>
  /** Requests under way to the host at once. Default 1. */
  concurrency?: number
  /** After 429 and 503: default 4 attempts and 30 s of waiting in all. */
  retries?: Partial<{ attempts: number; longestMs: number }>
  /** In bytes. Default 64 MiB; streams know no limit. */
  longestAnswer?: number
  /** In bytes. Default 16 MiB. */
  longestDescription?: number
  /** Looks names up instead of the system. An error with the code `EACCES` says that a connection may not lead there. */
  lookup?: LookupFunction
  /** Hears what an upgrade of the PBX changed in its API. */
  onDrift?: (report: DriftReport) => void
}

/** A 3CX PBX, as its XAPI and its call control let it be used. */
export type XapiClient = Resources & {
  readonly url: string
  readonly callControl: CallControl
  /** Every operation of this PBX, by its own description. Throws `description` when it has none that can be read. */
  operations(): Promise<readonly Operation[]>
  /** The same with the schemas that operations name. */
  describe(): Promise<OperationIndex>
  /**
   * Calls any operation of this PBX by id. Parameters go by their names, `body` is the body. The input is checked first:
   * `validation` names each wrong field by path. Answers a value, null, or for what is no JSON a `Download`.
   */
  call(operationId: string, input?: OperationInput, options?: CallOptions): Promise<unknown>
  /** As `call`, with the status and the headers of the answer. */
  exchange(operationId: string, input?: OperationInput, options?: CallOptions): Promise<Exchange>
  /** Calls an operation whose answer is a file, whatever the description says. */
  download(operationId: string, input?: OperationInput, options?: CallOptions): Promise<Download>
  /** The rows of any operation that answers a list, page by page. */
  list(
    operationId: string,
    input?: OperationInput,
    options?: CallOptions & PageOptions<Record<string, unknown>>,
  ): AsyncGenerator<Record<string, unknown>, void, undefined>
  /** Reads the PBX's description again. What changed since it was seen last; null for nothing. */
  refresh(): Promise<DriftReport | null>
  /** Makes sure that there is a token. Throws `authentication`, `network` and the like. */
  signIn(): Promise<void>
  /** The version the PBX told with its last answer; null until it told one. */
  version(): string | null
  /** Since when this client does nothing, ms since 1970; null while a request, a download or a watch of calls is under way. */
  idleSince(): number | null
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Opens a client. Nothing is sent until it is used. Throws `validation` for an address that is none. */
export function openXapi(options: XapiOptions): XapiClient {
  for (const name of ['url', 'clientId', 'clientSecret'] as const) {
    if (typeof options[name] !== 'string' || options[name] === '') {
      throw new XapiError('validation', `${name} is missing.`, { reason: 'input' })
    }
  }
  const connection = openConnection({
    url: options.url,
    tls: options.tls ?? 'verify',
    lookup: options.lookup ?? null,
    deadlines: { connectMs: 10_000, headMs: 30_000, bodyMs: 60_000, ...options.deadlines },
    concurrency: Math.max(1, Math.trunc(options.concurrency ?? 1)),
    retries: { attempts: 4, longestMs: 30_000, ...options.retries },
    longestAnswer: options.longestAnswer ?? 64 << 20,
  })
  const url = connection.origin + connection.prefix
  const secrets = openSecrets(options.clientSecret)
  const tokens = openTokens({
    origin: url,
    clientId: options.clientId,
    clientSecret: options.clientSecret,
    store: options.tokens ?? memoryTokenStore(),
    secrets,
    now: () => Date.now(),
  })
  const session = openSession(connection, tokens)
  const discovery = openDiscovery({
    url,
    session,
    secrets,
    cache: options.cache ?? memoryCacheStore(),
    longestDescription: options.longestDescription ?? 16 << 20,
    readingMs: 30_000,
    onDrift: options.onDrift ?? (() => {}),
  })
  const caller = openCaller(session, discovery, secrets)
  const resources = openResources(caller, session, secrets)
  const close = () => connection.close()
  return {
    ...resources,
    url,
    callControl: openCallControl(connection, session, secrets, resources.activeCalls),
    operations: async () => (await discovery.index()).operations,
    describe: () => discovery.index(),
    call: (id, input, callOptions) => caller.call(id, input, callOptions),
    exchange: (id, input, callOptions) => caller.exchange(id, input, callOptions),
    download: (id, input, callOptions) => caller.download(id, input, callOptions),
    list: (id, input, { signal, ...paging } = {}) =>
      pages((window) => onePage((more) => caller.call(id, input, { signal, ...more }), window), paging),
    refresh: () => discovery.refresh(),
    signIn: async () => void (await session.token(null)),
    version: () => session.version(),
    idleSince: connection.idleSince,
    close,
    [Symbol.asyncDispose]: close,
  }
}
