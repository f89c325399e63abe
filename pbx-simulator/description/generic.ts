import { readLiteral } from '../odata/literal.ts'
import { notFound, refuseField } from '../odata/refusal.ts'
import type { Answer, Request, Row } from '../model/pbx.ts'
import { hasNumberKey, nextKey, putRow, removeRow, rowsOf, type DescribedSet } from './described-sets.ts'
import type { Described, Description } from './read.ts'
import { bodyMisfit, sampleOf } from './sample.ts'

/** What answers an operation the simulator has nothing of its own for. */
export type GenericOperation = (request: Request) => Answer

const MEMBER = /^([^(/]+)\((?:(\w+)=)?\{\}\)$/
const WHOLE = /^\w+$/

/**
 * Behaviour for one operation out of its description alone: sets keep rows in memory, single resources keep what they
 * are sent, functions and actions answer a value that is valid against their schema.
 */
export function genericOperation(
  description: Description,
  operation: Described,
  sets: ReadonlyMap<string, DescribedSet>,
): GenericOperation {
  const { signature, method } = operation
  const name = signature.split(/[(/]/)[0] ?? ''
  const set = sets.get(name)
  if (operation.isFile)
    return () => ({
      kind: 'file',
      bytes: Buffer.alloc(0),
      type: 'application/octet-stream',
      name: `${operation.id}.bin`,
    })
  if (set && MEMBER.test(signature)) return member(description, operation, set)
  if (set && WHOLE.test(signature) && method === 'GET')
    return ({ pbx }) => ({ kind: 'list', rows: rowsOf(pbx, description, set), shape: null, context: name })
  if (set && WHOLE.test(signature) && method === 'POST')
    return (request) => {
      checkBody(description, operation, request.body)
      return create(description, operation, request, set)
    }
  if (WHOLE.test(signature) && method !== 'POST') return single(description, operation)
  return ({ pbx, body }) => {
    checkBody(description, operation, body)
    return answerOf(
      operation.answer ? sampleOf(description, operation.answer, pbx.clock.iso()) : null,
      signature,
    )
  }
}

function checkBody(description: Description, operation: Described, body: Row): void {
  const problem = operation.body ? bodyMisfit(description, operation.body, body) : null
  if (problem !== null) throw refuseField(problem, 'INVALID')
}

function member(description: Description, operation: Described, set: DescribedSet): GenericOperation {
  const field = MEMBER.exec(operation.signature)?.[2]
  return ({ pbx, values, body }) => {
    const wanted = readLiteral(values.get(field ?? 'key') ?? '')
    const row = rowsOf(pbx, description, set).find((one) => one[field ?? set.key] === wanted)
    if (!row) throw notFound(operation.signature)
    if (operation.method === 'GET') return { kind: 'one', row, shape: null, context: `${set.name}/$entity` }
    if (operation.method === 'DELETE') removeRow(pbx, set, row)
    else {
      checkBody(description, operation, body)
      putRow(pbx, set, { ...row, ...body, [set.key]: row[set.key] })
    }
    return { kind: 'nothing' }
  }
}

function single(
  description: Description,
  { signature, method, answer, body: schema }: Described,
): GenericOperation {
  const place = `described ${signature}`
  return ({ pbx, body }) => {
    if (method === 'GET') {
      const sample = answer ? sampleOf(description, answer, pbx.clock.iso()) : {}
      const isRow = typeof sample === 'object' && sample !== null && !Array.isArray(sample)
      return answerOf(isRow ? { ...sample, ...pbx.store.single(place) } : sample, signature)
    }
    const problem = schema ? bodyMisfit(description, schema, body) : null
    if (problem !== null) throw refuseField(problem, 'INVALID')
    pbx.store.setSingle(place, { ...pbx.store.single(place), ...body })
    return { kind: 'nothing' }
  }
}

function create(
  description: Description,
  operation: Described,
  { pbx, body }: Request,
  set: DescribedSet,
): Answer {
  const row: Row = { ...(set.row ? (sampleOf(description, set.row, pbx.clock.iso()) as Row) : {}), ...body }
  if (hasNumberKey(description, set)) row[set.key] = nextKey(pbx, set)
  else if (!body[set.key]) row[set.key] = `${set.name}-${nextKey(pbx, set)}`
  putRow(pbx, set, row)
  if (operation.status === 204) return { kind: 'nothing' }
  return { kind: 'one', row, shape: null, context: `${set.name}/$entity`, status: operation.status }
}

/** A sample as OData wraps it: a list or a plain value goes into `value`. */
function answerOf(value: unknown, context: string): Answer {
  if (value === null || value === undefined) return { kind: 'nothing' }
  if (typeof value !== 'object' || Array.isArray(value)) return { kind: 'value', value, context }
  const row = value as Row
  if (Array.isArray(row.value)) return { kind: 'list', rows: row.value as Row[], shape: null, context }
  return { kind: 'one', row, shape: null, context }
}
