import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  Scalar,
  type Alias,
  type Document,
} from 'yaml'
import type { Json } from '../snapshots/canonical.ts'
import type { Problems } from './problems.ts'

/** A file as it was written: texts stay texts, so that `+3615550110` keeps its plus. */
export type WrittenFile = { root: Json; lineOf(value: Json): number | null }

/** Of all values that a file comes to once its aliases are written out: more are no rules. */
const MOST_VALUES = 300_000
const DEEPEST = 50
const NOTHING = new Set(['', '~', 'null', 'Null', 'NULL'])

class TooMuch extends Error {}

/** Reads YAML 1.2 (and so JSON) with anchors, aliases and `<<`, and knows on which line each list and map begins. */
export function readYamlTree(text: string, problems: Problems): WrittenFile {
  const lines = new LineCounter()
  const lineByValue = new WeakMap<object, number>()
  const lineOf = (value: Json) =>
    typeof value === 'object' && value !== null ? (lineByValue.get(value) ?? null) : null
  const document = parseDocument(text, {
    schema: 'failsafe',
    version: '1.2',
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'silent',
  })
  for (const { message, pos } of document.errors)
    problems.add('file', lines.linePos(pos[0]).line, `This is no YAML: ${message}`)
  if (document.errors.length > 0) return { root: null, lineOf }
  try {
    const mark = (value: object, at: number | undefined) => {
      if (at !== undefined) lineByValue.set(value, lines.linePos(at).line)
    }
    return { root: valueOf(document, mark), lineOf }
  } catch (error) {
    if (!(error instanceof TooMuch)) throw error
    problems.add('file', null, error.message)
    return { root: null, lineOf }
  }
}

function valueOf(document: Document, mark: (value: object, at: number | undefined) => void): Json {
  let values = 0
  const anchored = new Map<Alias, unknown>()
  const walk = (node: unknown, depth: number): Json => {
    values += 1
    if (values > MOST_VALUES)
      throw new TooMuch(`It comes to more than ${MOST_VALUES} values once its aliases are written out.`)
    if (depth > DEEPEST) throw new TooMuch(`It is nested more than ${DEEPEST} deep.`)
    if (isAlias(node)) {
      // Looked up in the whole file each time.
      if (!anchored.has(node)) anchored.set(node, node.resolve(document))
      return walk(anchored.get(node), depth + 1)
    }
    if (isScalar(node)) {
      const text = typeof node.value === 'string' ? node.value : ''
      return node.type === Scalar.PLAIN && NOTHING.has(text) ? null : text
    }
    if (isSeq(node)) {
      const list: Json[] = node.items.map((item) => walk(item, depth + 1))
      mark(list, node.range?.[0])
      return list
    }
    if (!isMap(node)) return null
    const own: [string, Json][] = []
    const merged: [string, Json][] = []
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value) : ''
      const read = walk(value, depth + 1)
      if (name !== '<<') own.push([name, read])
      else
        for (const one of Array.isArray(read) ? read.toReversed() : [read])
          if (typeof one === 'object' && one !== null && !Array.isArray(one))
            merged.push(...Object.entries(one))
    }
    const map = Object.fromEntries([...merged, ...own])
    mark(map, node.range?.[0])
    return map
  }
  return walk(document.contents, 0)
}
