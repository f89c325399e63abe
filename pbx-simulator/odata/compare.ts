import { durationMs, type Instant, type Span } from './literal.ts'

export type Value = string | number | boolean | null | undefined | Instant | Span | object

/** Reads a value as a condition: null when it is neither true nor false. */
export const truth = (value: Value): boolean | null => (typeof value === 'boolean' ? value : null)

/** Puts two values side by side in a form that can be ordered; null when they cannot be. */
function alike(left: Value, right: Value): [number | string, number | string] | null {
  const kind = kindOf(left) ?? kindOf(right)
  if (kind !== null) {
    const [a, b] = [toMs(left, kind), toMs(right, kind)]
    return a === null || b === null ? null : [a, b]
  }
  if (typeof left === 'boolean' && typeof right === 'boolean') return [Number(left), Number(right)]
  if (typeof left === 'number' && typeof right === 'number') return [left, right]
  if (typeof left === 'string' && typeof right === 'string') return [left, right]
  return null
}

function kindOf(value: Value): 'instant' | 'span' | null {
  return typeof value === 'object' && value !== null && 'kind' in value ? value.kind : null
}

function toMs(value: Value, kind: 'instant' | 'span'): number | null {
  if (typeof value === 'string') {
    const ms = kind === 'instant' ? Date.parse(value) : durationMs(value)
    return ms === null || Number.isNaN(ms) ? null : ms
  }
  return kindOf(value) === kind ? (value as Instant).ms : null
}

/** OData comparison: only `eq` and `ne` know null, every order with null is false. */
export function compare(operator: string, left: Value, right: Value): boolean {
  const [a, b] = [left ?? null, right ?? null]
  if (a === null || b === null) {
    if (operator === 'eq') return a === b
    return operator === 'ne' ? a !== b : false
  }
  const pair = alike(a, b)
  if (pair === null) return operator === 'ne'
  const [x, y] = pair
  switch (operator) {
    case 'eq':
      return x === y
    case 'ne':
      return x !== y
    case 'gt':
      return x > y
    case 'ge':
      return x >= y
    case 'lt':
      return x < y
    default:
      return x <= y
  }
}
