import { XapiError } from '../errors.ts'
import type { OperationInput } from '../operations/build-request.ts'
import { hasParameter, type Caller, type CallOptions, type PageCall, type Way } from '../operations/caller.ts'
import { known } from '../operations/known.ts'
import { pages, type ListQuery, type PageOptions } from '../paging.ts'

export type ListOptions<Row> = ListQuery & PageOptions<Row> & CallOptions
export type ReadOptions = Pick<ListQuery, '$select' | '$expand'> & CallOptions

/** Rows of a set of the PBX that are only read. */
export type ReadableSet<Row> = {
  /** The rows, fetched as they are wanted. Throws `permission` when the role may not see them. */
  list(options?: ListOptions<Row>): AsyncGenerator<Row, void, undefined>
}

/** A set of entities of the PBX. Every field of an answer may be missing: the PBX leaves out what is null or zero. */
export type EntitySet<Row, Key = number> = ReadableSet<Row> & {
  /** Throws `not_found`. */
  get(key: Key, options?: ReadOptions): Promise<Row>
  /** Answers the new entity with its id. Throws `validation` and `conflict`. */
  create(entity: Partial<Row>, options?: CallOptions): Promise<Row>
  /** Changes the named fields. Objects within are replaced: send them whole. */
  update(key: Key, changes: Partial<Row>, options?: CallOptions): Promise<void>
  remove(key: Key, options?: CallOptions): Promise<void>
}

/** Entities that have a number of their own on the PBX. */
export type NumberedSet<Row> = EntitySet<Row> & {
  /** The one with this number. Null when there is none. */
  byNumber(number: string, options?: ReadOptions): Promise<Row | null>
}

/** The rows of an operation, page by page. */
export function listOf<Row>(
  caller: Caller,
  ways: readonly Way[],
  { signal, pageSize, limit, keyOf, ...query }: ListOptions<Row> = {},
): AsyncGenerator<Row, void, undefined> {
  const asked = ways.map(([operation, input]): Way => [operation, { ...input, ...query }])
  return pages<Row>((window) => onePage((options) => caller.by(asked, { signal, ...options }), window), {
    pageSize,
    limit,
    keyOf,
  })
}

/** One page of a call; an operation that knows no pages answers everything as its only one. */
export async function onePage(
  call: (options: PageCall) => Promise<unknown>,
  window: OperationInput,
): Promise<unknown> {
  let isPaged = true
  const page = await call({
    optional: window,
    onPick: (operation) => (isPaged = hasParameter(operation, '$skip') && hasParameter(operation, '$top')),
  })
  if (isPaged || typeof page !== 'object' || page === null || !('value' in page)) return page
  return { value: page.value, '@odata.count': Array.isArray(page.value) ? page.value.length : 0 }
}

export function readableSet<Row>(caller: Caller, set: string): ReadableSet<Row> {
  const list = known(`GET /${set}`)
  return { list: (options) => listOf(caller, [[list]], options) }
}

export function entitySet<Row, Key extends number | string = number>(
  caller: Caller,
  set: string,
  key: { name: string; type: 'int' | 'text' } = { name: 'Id', type: 'int' },
): EntitySet<Row, Key> {
  const one = `/${set}({${key.name}:${key.type}})`
  const [read, add, change, drop] = [
    known(`GET ${one}`),
    known(`POST /${set}`),
    known(`PATCH ${one}`),
    known(`DELETE ${one}`),
  ]
  const keyed = (value: Key) => ({ [key.name]: value })
  return {
    ...readableSet<Row>(caller, set),
    get: async (value, { signal, ...query } = {}) =>
      (await caller.by([[read, { ...keyed(value), ...query }]], { signal })) as Row,
    create: async (body, options) => (await caller.by([[add, { body }]], options)) as Row,
    update: async (value, body, options) =>
      void (await caller.by([[change, { ...keyed(value), body }]], options)),
    remove: async (value, options) => void (await caller.by([[drop, keyed(value)]], options)),
  }
}

/** By alternate key where the PBX has one; by the function older ones have; else out of the list. */
export function numberedSet<Row>(caller: Caller, set: string): NumberedSet<Row> {
  const entities = entitySet<Row>(caller, set)
  const byKey = known(`GET /${set}(Number={Number:text})`)
  const byFunction = known(`GET /${set}/Pbx.GetByNumber(number={number:text})`)
  return {
    ...entities,
    async byNumber(number, { signal, ...query } = {}) {
      const ways: Way[] = [
        [byKey, { Number: number, ...query }],
        [byFunction, { number, ...query }],
      ]
      try {
        return (await caller.by(ways, { signal })) as Row
      } catch (error) {
        if (!(error instanceof XapiError)) throw error
        if (error.kind === 'not_found') return null
        if (error.kind !== 'unsupported') throw error
      }
      const $filter = `Number eq '${number.replaceAll("'", "''")}'`
      for await (const row of entities.list({ ...query, $filter, limit: 1, signal })) return row
      return null
    },
  }
}

/** A settings object of the PBX that exists once. */
export type Settings<Value> = {
  get(options?: CallOptions): Promise<Value>
  update(changes: Partial<Value>, options?: CallOptions): Promise<void>
}

export function settings<Value>(caller: Caller, name: string): Settings<Value> {
  const [read, change] = [known(`GET /${name}`), known(`PATCH /${name}`)]
  return {
    get: async (options) => (await caller.by([[read]], options)) as Value,
    update: async (body, options) => void (await caller.by([[change, { body }]], options)),
  }
}

/** What a function answers below `value`; OData wraps everything that is no entity. */
export async function valueOf<Value>(
  caller: Caller,
  ways: readonly Way[],
  options?: CallOptions,
): Promise<Value> {
  const answer = (await caller.by(ways, options)) as { value?: Value } | null
  return (answer !== null && typeof answer === 'object' && 'value' in answer ? answer.value : answer) as Value
}

export type { Caller, CallOptions, Way }
