import type { Fields, Row } from './filter.ts'
import { splitOutside } from './literal.ts'
import { badRequest } from './refusal.ts'
import { textOf } from '../model/text.ts'

/** Comparison of rows for `$orderby`; nothing stands before something. */
export function readOrder(text: string, fields: Fields): (a: Row, b: Row) => number {
  const keys = splitOutside(text, ',').map((part) => {
    const match = /^\s*([A-Za-z_][\w/]*)(?:\s+(asc|desc))?\s*$/i.exec(part)
    if (!match) throw badRequest(`$orderby cannot be read: ${part}`)
    const steps = (match[1] ?? '').split('/')
    if (fields && !fields.has(steps[0] ?? ''))
      throw badRequest(`$orderby: there is no property "${steps[0]}".`)
    return { steps, sign: match[2]?.toLowerCase() === 'desc' ? -1 : 1 }
  })
  return (a, b) => {
    for (const { steps, sign } of keys) {
      const difference = inOrder(valueAt(a, steps), valueAt(b, steps))
      if (difference !== 0) return difference * sign
    }
    return 0
  }
}

function valueAt(row: Row, steps: readonly string[]): unknown {
  let value: unknown = row
  for (const step of steps) value = typeof value === 'object' && value !== null ? (value as Row)[step] : null
  return value ?? null
}

function inOrder(a: unknown, b: unknown): number {
  if (a === b) return 0
  if (a === null) return -1
  if (b === null) return 1
  if (typeof a === 'number' && typeof b === 'number') return a - b
  const [x, y] = [textOf(a), textOf(b)]
  return x < y ? -1 : x > y ? 1 : 0
}
