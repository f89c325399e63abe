import { signatureOf, type Operation, type OperationIndex } from '../operations/operation.ts'
import type { Schema } from '../operations/schema.ts'

/** What an upgrade of a PBX did to its API, by operation id and by schema. */
export type DriftReport = {
  from: { hash: string; version: string | null }
  to: { hash: string; version: string | null }
  added: string[]
  removed: string[]
  /** The same operation under another id, or an id that moved to another path. */
  renamed: { from: string; to: string; path: string }[]
  /** Operations whose parameters changed: names that came, names that went, and whether only their order did. */
  parameters: { id: string; added: string[]; removed: string[]; reordered: boolean }[]
  schemas: {
    added: string[]
    removed: string[]
    fields: { schema: string; added: string[]; removed: string[]; changed: string[] }[]
  }
}

/** Compares two indexes of one PBX. */
export function compareIndexes(
  before: OperationIndex,
  after: OperationIndex,
): Omit<DriftReport, 'from' | 'to'> {
  const [old, now] = [byId(before), byId(after)]
  const gone = before.operations.filter(({ id }) => !now.has(id))
  const come = after.operations.filter(({ id }) => !old.has(id))
  const renamed = gone.flatMap((one) => {
    const to = come.find((other) => isSame(one, other))
    return to === undefined ? [] : [{ from: one.id, to: to.id, path: to.path }]
  })
  const moved = after.operations.flatMap((one) => {
    const was = old.get(one.id)
    return was !== undefined && signature(was) !== signature(one)
      ? [{ from: one.id, to: one.id, path: one.path }]
      : []
  })
  return {
    added: come.map(({ id }) => id).filter((id) => !renamed.some(({ to }) => to === id)),
    removed: gone.map(({ id }) => id).filter((id) => !renamed.some(({ from }) => from === id)),
    renamed: [...renamed, ...moved],
    parameters: after.operations.flatMap((one) => {
      const was = old.get(one.id)
      return was === undefined ? [] : changedParameters(was, one)
    }),
    schemas: compareSchemas(before, after),
  }
}

/** Whether a report tells of nothing. */
export function isEmptyDrift(report: Omit<DriftReport, 'from' | 'to'>): boolean {
  const { added, removed, renamed, parameters, schemas } = report
  return [added, removed, renamed, parameters, schemas.added, schemas.removed, schemas.fields].every(
    (list) => list.length === 0,
  )
}

const byId = (index: OperationIndex) => new Map(index.operations.map((one) => [one.id, one]))
const signature = ({ method, path }: Operation) => signatureOf(method, path)

/** One that kept its place but not its id, or its id's function on the same set with the same parameters. */
function isSame(one: Operation, other: Operation): boolean {
  if (signature(one) === signature(other)) return true
  const names = (operation: Operation) => operation.parameters.map(({ name }) => name).join()
  return (
    one.method === other.method &&
    one.tag === other.tag &&
    names(one) === names(other) &&
    similar(one.id, other.id)
  )
}

/** One name is the other with a word before, within or after it. */
function similar(a: string, b: string): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a]
  let at = 0
  for (const letter of long) if (letter === short[at]) at++
  return at === short.length && short.length * 2 > long.length
}

function changedParameters(was: Operation, one: Operation): DriftReport['parameters'] {
  const [old, now] = [namesOf(was), namesOf(one)]
  const added = now.filter((name) => !old.includes(name))
  const removed = old.filter((name) => !now.includes(name))
  const reordered = added.length + removed.length === 0 && orderOf(was) !== orderOf(one)
  return added.length + removed.length > 0 || reordered ? [{ id: one.id, added, removed, reordered }] : []
}

const namesOf = ({ parameters, body }: Operation) => [
  ...parameters.map(({ name }) => name),
  ...Object.values(body?.content ?? {}).flatMap((schema) =>
    Object.keys(schema.properties ?? {}).map((name) => `body.${name}`),
  ),
]
const orderOf = ({ path }: Operation) => [...path.matchAll(/\{([^}]*)\}/g)].map(([, name]) => name).join()

function compareSchemas(before: OperationIndex, after: OperationIndex): DriftReport['schemas'] {
  const [old, now] = [new Map(Object.entries(before.schemas)), new Map(Object.entries(after.schemas))]
  const fields = [...now].flatMap(([schema, one]) => {
    const was = old.get(schema)
    if (was === undefined || JSON.stringify(was) === JSON.stringify(one)) return []
    const [had, has] = [fieldsOf(was), fieldsOf(one)]
    const added = [...has.keys()].filter((name) => !had.has(name))
    const removed = [...had.keys()].filter((name) => !has.has(name))
    const changed = [...has].flatMap(([name, text]) =>
      had.has(name) && had.get(name) !== text ? [name] : [],
    )
    return [{ schema, added, removed, changed }]
  })
  return {
    added: [...now.keys()].filter((name) => !old.has(name)),
    removed: [...old.keys()].filter((name) => !now.has(name)),
    fields,
  }
}

/** The fields of an object, or the values of an enumeration. */
function fieldsOf(schema: Schema): Map<string, string> {
  return new Map([
    ...(schema.enum ?? []).map((value) => [String(value), ''] as const),
    ...Object.entries(schema.properties ?? {}).map(([name, one]) => [name, JSON.stringify(one)] as const),
    ...(schema.all ?? []).flatMap((part) => [...fieldsOf(part)]),
  ])
}
