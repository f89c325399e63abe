import type { Row } from './pbx.ts'

/** Rows of all sets by name, and the single rows. */
export type Store = {
  rows: (set: string) => readonly Row[]
  get: (set: string, key: unknown) => Row | null
  /** The row of a set with this number. */
  numbered: (set: string, number: unknown) => Row | null
  put: (set: string, key: unknown, row: Row) => void
  remove: (set: string, key: unknown) => void
  single: (name: string) => Row
  setSingle: (name: string, row: Row) => void
  /** The next id of a series; every series begins somewhere else. */
  nextId: (series: string) => number
}

/** Where a series begins, so that ids of different sources never agree by accident. */
const BEGINNINGS: Readonly<Record<string, number>> = {
  dn: 24,
  participant: 1100,
  call: 340,
  active: 71,
  recording: 9000,
  segment: 52000,
  cdr: 5120,
  audit: 700,
}

type Table = { byKey: Map<unknown, Row>; byNumber: Map<unknown, Row> }

export function openStore(): Store {
  const tables = new Map<string, Table>()
  const singles = new Map<string, Row>()
  const ids = new Map<string, number>()
  const table = (set: string): Table => {
    const known = tables.get(set)
    if (known) return known
    const made: Table = { byKey: new Map(), byNumber: new Map() }
    tables.set(set, made)
    return made
  }
  return {
    rows: (set) => [...table(set).byKey.values()],
    get: (set, key) => table(set).byKey.get(key) ?? null,
    numbered: (set, number) => table(set).byNumber.get(number) ?? null,
    put: (set, key, row) => {
      const { byKey, byNumber } = table(set)
      const before = byKey.get(key)
      if (before && before.Number !== undefined) byNumber.delete(before.Number)
      byKey.set(key, row)
      if (row.Number !== undefined) byNumber.set(row.Number, row)
    },
    remove: (set, key) => {
      const { byKey, byNumber } = table(set)
      const row = byKey.get(key)
      byKey.delete(key)
      if (row?.Number !== undefined) byNumber.delete(row.Number)
    },
    single: (name) => singles.get(name) ?? {},
    setSingle: (name, row) => void singles.set(name, row),
    nextId: (series) => {
      const id = (ids.get(series) ?? BEGINNINGS[series] ?? 0) + 1
      ids.set(series, id)
      return id
    },
  }
}
