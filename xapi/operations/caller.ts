import { isXapiError, XapiError } from '../errors.ts'
import type { Discovery } from '../discovery/discovery.ts'
import type { Secrets } from '../secrets.ts'
import type { Session } from '../session.ts'
import { buildRequest, type OperationInput } from './build-request.ts'
import { closest } from './closest.ts'
import { signatureOf, type Operation, type OperationIndex } from './operation.ts'
import { isStreamed, readAnswer, type Download } from './read-answer.ts'
import type { Schemas } from './schema.ts'

export type CallOptions = {
  /** Ends the call; it then throws the signal's reason. */
  signal?: AbortSignal
  /** Called as the request goes out: until then nothing was asked of the PBX. */
  onSend?: () => void
}

/** An answer with its head. */
export type Exchange = {
  status: number
  /** A header of the answer, by its name in any case; null when there is none. */
  header: (name: string) => string | null
  /** What `call` answers. */
  value: unknown
}

/** A call within paging. */
export type PageCall = CallOptions & {
  /** Parameters that are left out where the operation has none of that name. */
  optional?: OperationInput
  /** Hears which operation it became. */
  onPick?: (operation: Operation) => void
}

/** An operation known by heart, with its input: one of several ways to get the same thing. */
export type Way = readonly [operation: Operation, input?: OperationInput]

/** Calls operations: by id, as the PBX describes them, or by one of several ways, whichever this PBX has. */
export type Caller = {
  call(id: string, input?: OperationInput, options?: PageCall): Promise<unknown>
  exchange(id: string, input?: OperationInput, options?: CallOptions): Promise<Exchange>
  download(id: string, input?: OperationInput, options?: CallOptions): Promise<Download>
  /** The first of these ways that the PBX has. Throws `unsupported` when it has none. */
  by(ways: readonly Way[], options?: PageCall): Promise<unknown>
  downloadBy(ways: readonly Way[], options?: CallOptions): Promise<Download>
  /** Whether the PBX's description has this operation; null when it has no description. */
  has(operation: Operation): Promise<boolean | null>
}

const NO_SCHEMAS: Schemas = {}
/** A PBX that describes nothing is not asked again with every call. */
const UNDESCRIBED_MS = 600_000

export function openCaller(session: Session, discovery: Discovery, secrets: Secrets): Caller {
  let undescribedUntil = 0

  async function send(
    operation: Operation,
    schemas: Schemas,
    input: OperationInput,
    options: PageCall,
    streams: (contentType: string) => boolean,
  ): Promise<Exchange> {
    options.signal?.throwIfAborted()
    options.onPick?.(operation)
    const optional = Object.entries(options.optional ?? {}).filter(([name]) => hasParameter(operation, name))
    const whole = { ...Object.fromEntries(optional), ...input }
    const { path, ...request } = buildRequest(operation, whole, schemas)
    const answer = await session.send({
      ...request,
      path: `/xapi/v1${path}`,
      operation: operation.id,
      signal: options.signal ?? null,
      streams,
      ...(options.onSend ? { onSend: options.onSend } : {}),
    })
    return {
      status: answer.status,
      header: (name) => answer.headers(name.toLowerCase()),
      value: readAnswer(answer, operation.id, secrets),
    }
  }

  async function byId(id: string): Promise<readonly [Operation, Schemas]> {
    const index = await discovery.index()
    const operation = index.operations.find((one) => one.id === id)
    if (operation !== undefined) return [operation, index.schemas]
    const meant = closest(
      id,
      index.operations.map((one) => one.id),
    )
    const words = meant === null ? '' : `; did you mean ${meant}?`
    throw new XapiError('unsupported', `This PBX has no operation ${id}${words}`, { operation: id })
  }

  /** The index, or null for a PBX that has none to give. */
  async function indexIfAny(): Promise<OperationIndex | null> {
    if (Date.now() < undescribedUntil) return null
    try {
      return await discovery.index()
    } catch (error) {
      if (!isXapiError(error, 'description')) throw error
      undescribedUntil = Date.now() + UNDESCRIBED_MS
      return null
    }
  }

  async function first(ways: readonly Way[], options: PageCall, streams: (type: string) => boolean) {
    const index = await indexIfAny()
    if (index !== null) {
      for (const [operation, input = {}] of ways) {
        const described = find(index, operation)
        if (described !== null) return (await send(described, index.schemas, input, options, streams)).value
      }
      const names = ways.map(([operation]) => operation.id).join(', nor ')
      throw new XapiError('unsupported', `This PBX has no ${names}.`, { operation: ways[0]?.[0].id ?? null })
    }
    let failure: unknown = null
    for (const [operation, input = {}] of ways) {
      try {
        return (await send(operation, NO_SCHEMAS, input, options, streams)).value
      } catch (error) {
        if (!isXapiError(error, 'not_found')) throw error
        failure ??= error
      }
    }
    throw failure
  }

  const everything = () => true
  return {
    async call(id, input = {}, options = {}) {
      return (await send(...(await byId(id)), input, options, isStreamed)).value
    },
    async exchange(id, input = {}, options = {}) {
      return send(...(await byId(id)), input, options, isStreamed)
    },
    async download(id, input = {}, options = {}) {
      return (await send(...(await byId(id)), input, options, everything)).value as Download
    },
    by: (ways, options = {}) => first(ways, options, isStreamed),
    downloadBy: async (ways, options = {}) => (await first(ways, options, everything)) as Download,
    async has(operation) {
      const index = await indexIfAny()
      return index === null ? null : find(index, operation) !== null
    },
  }
}

const signatures = new WeakMap<OperationIndex, Map<string, Operation>>()

function find(index: OperationIndex, operation: Operation): Operation | null {
  const bySignature =
    signatures.get(index) ?? new Map(index.operations.map((one) => [signatureOf(one.method, one.path), one]))
  signatures.set(index, bySignature)
  return bySignature.get(signatureOf(operation.method, operation.path)) ?? null
}

/** Whether an operation takes a parameter of this name. */
export function hasParameter({ parameters }: Operation, name: string): boolean {
  return parameters.some((one) => one.name === name)
}
