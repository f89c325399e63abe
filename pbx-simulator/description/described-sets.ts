import type { Pbx, Row } from '../model/pbx.ts'
import type { Description, Schema } from './read.ts'
import { propertiesOf, sampleOf } from './sample.ts'

/** A set as a description tells of it. */
export type DescribedSet = { name: string; key: string; row: Schema | null; isCreatable: boolean }

const KEYED = /^\/([^(/]+)\('?\{(\w+)\}'?\)/
const PLAIN = /^\/(\w+)$/

/** The sets of a description: what is listed, or has members with a key. Everything else is a single resource. */
export function setsOf(description: Description): Map<string, DescribedSet> {
  const sets = new Map<string, DescribedSet>()
  const known = (name: string): DescribedSet => {
    const set = sets.get(name) ?? { name, key: 'Id', row: null, isCreatable: false }
    sets.set(name, set)
    return set
  }
  for (const { template, method, answer, body } of description.operations) {
    const keyed = KEYED.exec(template)
    if (keyed) {
      const set = known(keyed[1] ?? '')
      set.key = keyed[2] ?? 'Id'
      if (keyed[0] === template && method === 'GET') set.row = answer
      if (keyed[0] === template && method === 'PATCH') set.row ??= body
    }
    const [, name] = PLAIN.exec(template) ?? []
    const items = name !== undefined && method === 'GET' && answer ? listedIn(description, answer) : null
    if (name !== undefined && items) known(name).row ??= items
  }
  for (const { template, method, body } of description.operations) {
    const set = sets.get(PLAIN.exec(template)?.[1] ?? '')
    if (!set || method !== 'POST') continue
    set.isCreatable = true
    set.row ??= body
  }
  return sets
}

/** What a list holds, when an answer is a list in `value`. */
function listedIn(description: Description, answer: Schema): Schema | null {
  const value = propertiesOf(description, answer).value
  const list = value ? description.resolve(value) : null
  return list?.type === 'array' ? (list.items ?? {}) : null
}

const place = (set: string): string => `described ${set}`

/** Whether the key of a set is a number. */
export function hasNumberKey(description: Description, { row, key }: DescribedSet): boolean {
  const schema = row ? propertiesOf(description, row)[key] : undefined
  return schema === undefined || ['integer', 'number'].includes(description.resolve(schema).type ?? 'integer')
}

/** The rows of a set; one that nothing can be added to has a single row from the beginning. */
export function rowsOf(pbx: Pbx, description: Description, set: DescribedSet): readonly Row[] {
  const own = pbx.store.rows(set.name)
  if (own.length > 0) return own
  const isFresh = pbx.store.single(place(set.name)).isFilled !== true
  if (isFresh && !set.isCreatable && set.row) {
    const key = hasNumberKey(description, set) ? 1 : 'sample'
    putRow(pbx, set, { ...(sampleOf(description, set.row, pbx.clock.iso()) as Row), [set.key]: key })
    pbx.store.setSingle(place(set.name), { isFilled: true })
  }
  return pbx.store.rows(place(set.name))
}

export const putRow = (pbx: Pbx, set: DescribedSet, row: Row): void =>
  pbx.store.put(place(set.name), row[set.key], row)
export const removeRow = (pbx: Pbx, set: DescribedSet, row: Row): void =>
  pbx.store.remove(place(set.name), row[set.key])
export const nextKey = (pbx: Pbx, set: DescribedSet): number => pbx.store.nextId(place(set.name))
