import type { Json, Row } from './canonical.ts'
import type { Configuration } from './content.ts'
import { resourceNamed } from './resources.ts'

/** One field that differs: `AvailableRoute.NoAnswerExternal.Number`, `Agents[101].SkillGroup`. null = not there. */
export type FieldChange = { path: string; before: Json; after: Json }

/** What became of one object between two configurations. */
export type Change = {
  /** The kind, as in a snapshot: `inbound_rules`. */
  resource: string
  /** What it is recognised by in both: its number, or what a rule looks at. */
  key: string
  /** What to call it: `inbound rule "Main number"`. */
  object: string
  /** `moved`: the object is the same, its place among the rules another. */
  kind: 'added' | 'removed' | 'changed' | 'moved'
  /** Of `changed`; of `moved` one with path `position`, counted from 1. */
  fields: FieldChange[]
  /** The whole object; null where it is not there. */
  before: Row | null
  after: Row | null
}

export type Difference = {
  changes: Change[]
  /** What one of the two could not read, and is therefore not compared: kinds, or `kind.Field`. */
  not_compared: string[]
}

export type DiffOptions = {
  /** Ids differ between two PBXs whose configuration is the same. */
  ignoreIds?: boolean
}

const ID = /(^|[a-z])Ids?$/

/** What changed from one configuration to another. */
export function diff(before: Configuration, after: Configuration, options: DiffOptions = {}): Difference {
  const unknown = [...new Set([...Object.keys(before.unreadable), ...Object.keys(after.unreadable)])].sort()
  const kinds = [...new Set([...Object.keys(before.resources), ...Object.keys(after.resources)])].sort()
  const changes = kinds
    .filter((name) => before.resources[name] !== undefined && after.resources[name] !== undefined)
    .flatMap((name) => {
      const unread = new Set(
        unknown.filter((one) => one.startsWith(`${name}.`)).map((one) => one.slice(name.length + 1)),
      )
      const seen = (row: Row) => withoutFields(row, unread, options.ignoreIds === true)
      return diffRows(name, (before.resources[name] ?? []).map(seen), (after.resources[name] ?? []).map(seen))
    })
  const halves = kinds.filter(
    (name) => (before.resources[name] === undefined) !== (after.resources[name] === undefined),
  )
  return { changes, not_compared: [...new Set([...unknown, ...halves])].sort() }
}

function withoutFields(row: Row, unread: ReadonlySet<string>, ignoreIds: boolean): Row {
  if (unread.size === 0 && !ignoreIds) return row
  const kept = Object.entries(row).filter(([name]) => !unread.has(name))
  const rest = Object.fromEntries(kept)
  return ignoreIds ? (withoutIds(rest) as Row) : rest
}

function withoutIds(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutIds)
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(([name]) => !ID.test(name))
  return Object.fromEntries(kept.map(([name, inner]) => [name, withoutIds(inner)]))
}

/** Rows by their key; a second one of the same key is `key #2`. */
export function keyed(name: string, rows: readonly Row[]): Map<string, Row> {
  const keyOf = resourceNamed(name)?.key ?? ((row: Row) => JSON.stringify(row))
  const found = new Map<string, Row>()
  for (const row of rows) {
    const key = keyOf(row)
    let free = key
    for (let n = 2; found.has(free); n++) free = `${key} #${n}`
    found.set(free, row)
  }
  return found
}

/** What people call an object. */
export function nameOfObject(resource: string, key: string, row: Row): string {
  const noun = resourceNamed(resource)?.noun ?? resource
  if (noun === 'settings') return `settings ${key}`
  const person = [row['FirstName'], row['LastName']].filter((part) => typeof part === 'string').join(' ')
  const name = row['RuleName'] ?? row['Name'] ?? person
  const isNamed = typeof name === 'string' && name !== '' && name !== key
  return `${noun} ${key}${isNamed ? ` "${name}"` : ''}`.slice(0, 255)
}

function diffRows(resource: string, before: readonly Row[], after: readonly Row[]): Change[] {
  const [old, now] = [keyed(resource, before), keyed(resource, after)]
  const changes: Change[] = []
  for (const [key, row] of old) {
    const later = now.get(key)
    const object = nameOfObject(resource, key, later ?? row)
    const common = { resource, key, object, before: row }
    if (later === undefined) changes.push({ ...common, kind: 'removed', fields: [], after: null })
    else {
      const fields = diffValues('', row, later)
      if (fields.length > 0) changes.push({ ...common, kind: 'changed', fields, after: later })
    }
  }
  for (const [key, row] of now)
    if (!old.has(key)) {
      const object = nameOfObject(resource, key, row)
      changes.push({ resource, key, object, kind: 'added', fields: [], before: null, after: row })
    }
  const { isOrdered = false, isDerived = false } = resourceNamed(resource) ?? {}
  if (isOrdered) changes.push(...movedRows(resource, old, now))
  return isDerived ? changes.filter(({ kind }) => kind === 'changed') : changes
}

/** The fewest rows that have to move so that those in both lists stand in the new order. */
function movedRows(resource: string, old: Map<string, Row>, now: Map<string, Row>): Change[] {
  const [from, to] = [[...old.keys()], [...now.keys()]]
  const placeBefore = new Map(from.filter((key) => now.has(key)).map((key, index) => [key, index]))
  const common = to.filter((key) => old.has(key))
  const staying = longestRising(common.map((key) => placeBefore.get(key) ?? 0))
  return common
    .filter((_, index) => !staying.has(index))
    .map((key) => {
      const row = now.get(key) ?? {}
      const position = { path: 'position', before: from.indexOf(key) + 1, after: to.indexOf(key) + 1 }
      const object = nameOfObject(resource, key, row)
      return {
        resource,
        key,
        object,
        kind: 'moved',
        fields: [position],
        before: old.get(key) ?? null,
        after: row,
      }
    })
}

/** The places of a longest rising part of a list. */
export function longestRising(values: readonly number[]): Set<number> {
  const ends: number[] = []
  const previous: number[] = []
  values.forEach((value, index) => {
    let low = 0
    for (let high = ends.length; low < high;) {
      const middle = (low + high) >> 1
      if ((values[ends[middle] ?? 0] ?? 0) < value) low = middle + 1
      else high = middle
    }
    previous[index] = low === 0 ? -1 : (ends[low - 1] ?? -1)
    ends[low] = index
  })
  const places = new Set<number>()
  for (let at = ends.at(-1) ?? -1; at >= 0; at = previous[at] ?? -1) places.add(at)
  return places
}

const isRow = (value: Json | undefined): value is Row =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const MEMBER_KEYS = ['Number', 'Input', 'RoleName', 'Name', 'GroupId'] as const

/** The rows of a nested list by what they are called; null when they are not all called something, each something else. */
function members(list: readonly Json[]): Map<string, Row> | null {
  for (const field of MEMBER_KEYS) {
    const found = new Map<string, Row>()
    for (const one of list) {
      const key = isRow(one) ? one[field] : undefined
      if (isRow(one) && (typeof key === 'string' || typeof key === 'number')) found.set(String(key), one)
    }
    if (found.size === list.length) return found
  }
  return null
}

function diffValues(path: string, before: Json | undefined, after: Json | undefined): FieldChange[] {
  if (before === after) return []
  if (isRow(before) && isRow(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
    return names.flatMap((name) =>
      diffValues(path === '' ? name : `${path}.${name}`, before[name], after[name]),
    )
  }
  if (Array.isArray(before) && Array.isArray(after)) return diffLists(path, before, after)
  return [{ path, before: before ?? null, after: after ?? null }]
}

function diffLists(path: string, before: readonly Json[], after: readonly Json[]): FieldChange[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return []
  const [old, now] = [members(before), members(after)]
  if (old === null || now === null) return [{ path, before: [...before], after: [...after] }]
  const keys = [...new Set([...old.keys(), ...now.keys()])]
  const changes = keys.flatMap((key) => diffValues(`${path}[${key}]`, old.get(key), now.get(key)))
  const order = (map: Map<string, Row>, other: Map<string, Row>) =>
    [...map.keys()].filter((key) => other.has(key))
  const [one, other] = [order(old, now), order(now, old)]
  if (one.join('\0') !== other.join('\0'))
    changes.push({ path: `${path} (order)`, before: [...old.keys()], after: [...now.keys()] })
  return changes.length > 0 ? changes : [{ path, before: [...before], after: [...after] }]
}
