import { Readable } from 'node:stream'
import type {
  XapiAnswer,
  XapiOperation,
  XapiOperationList,
  XapiOperationQuery,
  XapiOperationShape,
} from '../../contract/xapi.ts'
import {
  buildRequest,
  type Download,
  type Exchange,
  type Operation,
  type OperationIndex,
  type OperationInput,
  type XapiClient,
} from '../../xapi/xapi.ts'
import type { Actor } from '../platform/audit.ts'
import { HubError, invalid } from '../platform/errors.ts'
import { hostIdOf } from './hosts.ts'
import type { FleetStore, Reach } from './write.ts'
import { readState, type Change, type ChangeTrail } from './xapi-changes.ts'
import { sendOnce } from './xapi-sending.ts'
import { isWrite, needsConfirm } from './xapi-dangers.ts'
import { inTime, unlessLate } from './xapi-deadline.ts'
import { readerOf } from './xapi-reader.ts'
import type { XapiSessions } from './xapi-sessions.ts'
import { answerShape, inputShape } from './xapi-shape.ts'

/** Who calls. `mayWrite` throws what a client is told that may only read. */
export type XapiCaller = { actor: Actor; reach: Reach; mayWrite: () => void }
export type XapiCall = {
  parameters: Readonly<Record<string, unknown>>
  body?: unknown
  confirm: string | null
  timeoutMs: number
}
/** What a call is answered with: a value, or a file as the PBX sends it. */
export type XapiOutcome = { answer: XapiAnswer; file: null } | { answer: null; file: Download }

/**
 * Everything a host's own API can do, by the ids of its description. `host` is its id or its `code`. HubError `not_found` for a host
 * out of reach, what `XapiSessions.open` throws, and `pbx_…` for what went wrong at the PBX.
 */
export type XapiCalls = {
  operations(reach: Reach, host: string, query: XapiOperationQuery): Promise<XapiOperationList>
  operation(reach: Reach, host: string, operationId: string): Promise<XapiOperationShape>
  /**
   * Calls one. A change is audited before it is sent and once more with what became of it, and never repeated: HubError
   * `pbx_outcome_unknown` when its answer is lost. `confirmation_required`, `validation_failed`: nothing was sent.
   */
  call(caller: XapiCaller, host: string, operationId: string, call: XapiCall): Promise<XapiOutcome>
}

const HEADERS = ['content-type', 'etag', 'last-modified', 'location', 'retry-after', 'x-3cx-version']
const PATIENCE_MS = 60_000

type Found = { hostId: number; pbx: XapiClient; index: OperationIndex; signal: AbortSignal }

export function openXapiCalls(store: FleetStore, sessions: XapiSessions, trail: ChangeTrail): XapiCalls {
  /** `work` with the client of a host and what it describes. */
  const at = async <T>(
    { reach, host, about, ms }: { reach: Reach; host: string; about: string; ms: number },
    work: (found: Found) => Promise<T> | T,
  ): Promise<T> => {
    const hostId = await hostIdOf(store, reach, host)
    const pbx = await sessions.open(reach, hostId)
    return inTime(about, ms, async (signal) =>
      work({ hostId, pbx, signal, index: await unlessLate(pbx.describe(), signal) }),
    )
  }

  return {
    operations: (reach, host, query) =>
      at({ reach, host, about: 'operations', ms: PATIENCE_MS }, ({ pbx, index }) => {
        const data = index.operations.filter((one) => isAskedFor(one, query)).map(summaryOf)
        return { data, total: data.length, version: pbx.version() }
      }),
    operation: (reach, host, operationId) =>
      at({ reach, host, about: operationId, ms: PATIENCE_MS }, ({ index }) => {
        const operation = index.operations.find((one) => one.id === operationId)
        if (!operation) throw unknownOperation(operationId)
        const [input, answer] = [inputShape(operation, index), answerShape(operation, index)]
        return { ...summaryOf(operation), input, answer }
      }),
    call: ({ actor, reach, mayWrite }, host, operationId, call) =>
      at({ reach, host, about: operationId, ms: call.timeoutMs }, async (found) => {
        const { hostId, pbx, signal, index } = found
        const operation = index.operations.find((one) => one.id === operationId)
        const input = inputOf(call)
        if (operation === undefined || !isWrite(operation))
          return outcomeOf(await pbx.exchange(operationId, input, { signal }))
        mayWrite()
        if (needsConfirm(operation) && call.confirm !== operation.id) throw unconfirmed(operation)
        buildRequest(operation, input, index.schemas)
        const { parameters, body } = call
        return carryOut(found, { actor, hostId, operation, parameters, body })
      }),
  }

  async function carryOut({ pbx, index, signal }: Found, change: Change): Promise<XapiOutcome> {
    const { operation, parameters, body } = change
    const reader = readerOf(operation, parameters, index)
    const before = await readState(pbx, reader, signal)
    const { audit, result: exchange } = await sendOnce(trail, change, { before, meant: body }, (onSend) =>
      pbx.exchange(operation.id, inputOf(change), { signal, onSend }),
    )
    const result = outcomeOf(exchange)
    const now = operation.method === 'DELETE' ? null : await readState(pbx, reader, signal)
    const told = result.answer?.body ?? body ?? null
    const after = operation.method === 'DELETE' ? null : (now ?? told)
    // A file is not kept for a repetition under the same Idempotency-Key; that it was sent is.
    const answer = result.answer ?? { status: exchange.status, headers: {}, body: null }
    await trail.end(
      change,
      audit,
      { outcome: 'done', status: exchange.status, message: null, before, after },
      answer,
    )
    return result
  }
}

function summaryOf(operation: Operation): XapiOperation {
  const { id, method, path, tag, summary, parameters, body } = operation
  return {
    id,
    method,
    path,
    tag,
    summary,
    parameters: parameters.map(({ name, in: place, required, schema }) => ({
      name,
      in: place,
      required: required && schema.default === undefined,
      type: schema.type ?? null,
    })),
    body: body === null ? 'none' : body.required ? 'required' : 'optional',
    writes: isWrite(operation),
    confirm: needsConfirm(operation),
  }
}

function isAskedFor(
  { id, method, path, tag, summary }: Operation,
  { search, tag: wanted, method: by }: XapiOperationQuery,
): boolean {
  if (by !== undefined && method !== by) return false
  if (wanted !== undefined && tag?.toLowerCase() !== wanted.toLowerCase()) return false
  const text = [id, path, tag ?? '', summary ?? ''].join(' ').toLowerCase()
  const words = (search ?? '').toLowerCase().split(/\s+/)
  return words.every((word) => text.includes(word))
}

function inputOf({ parameters, body }: Pick<XapiCall, 'parameters' | 'body'>): OperationInput {
  if (Object.hasOwn(parameters, 'body'))
    throw invalid({ 'parameters.body': ['The body goes beside the parameters, as body.'] })
  return body === undefined ? parameters : { ...parameters, body }
}

function outcomeOf({ status, header, value }: Exchange): XapiOutcome {
  if (isFile(value)) return { answer: null, file: value }
  const headers = Object.fromEntries(
    HEADERS.flatMap((name) => {
      const found = header(name)
      return found === null ? [] : [[name, found]]
    }),
  )
  return { answer: { status, headers, body: value ?? null }, file: null }
}

const isFile = (value: unknown): value is Download =>
  typeof value === 'object' && value !== null && 'body' in value && value.body instanceof Readable

const unknownOperation = (operationId: string) =>
  new HubError('pbx_operation_unknown', `This PBX has no operation ${operationId}.`)

const unconfirmed = ({ id }: Operation) =>
  new HubError(
    'confirmation_required',
    `${id} interrupts calls or cannot be taken back: give confirm = "${id}".`,
    {
      fields: { confirm: [`Must be ${id}.`] },
    },
  )
