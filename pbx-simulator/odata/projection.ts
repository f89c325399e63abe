import { isList, itemType, shapeNamed, type Shape } from '../model/shape.ts'
import { readFilter, type Row } from './filter.ts'
import { splitOutside } from './literal.ts'
import { readOrder } from './order.ts'
import { badRequest } from './refusal.ts'

/** What `$expand` asks of one field: its own options, and what to expand below it. */
export type Expand = {
  columns: ReadonlySet<string> | null
  below: ReadonlyMap<string, Expand>
  change: (rows: readonly Row[]) => readonly Row[]
}

const DEEPEST = 8

/** Reads `Groups($expand=Rights;$select=Name),Greetings`. */
export function readExpand(text: string, shape: Shape | null, depth = 0): ReadonlyMap<string, Expand> {
  if (depth > DEEPEST) throw badRequest('$expand is nested too deeply.')
  const found = new Map<string, Expand>()
  for (const part of splitOutside(text, ',')) {
    const match = /^\s*([A-Za-z_]\w*|\*)\s*(?:\((.*)\))?\s*$/s.exec(part)
    if (!match) throw badRequest(`$expand cannot be read: ${part}`)
    const [, name = '', options = ''] = match
    if (name === '*') {
      for (const field of shape?.navigation ?? []) found.set(field, readOptions('', shape, field, depth))
    } else {
      if (shape && !shape.fields.has(name))
        throw badRequest(`$expand: there is no property "${name}" on ${shape.name}.`)
      found.set(name, readOptions(options, shape, name, depth))
    }
  }
  return found
}

function readOptions(text: string, shape: Shape | null, field: string, depth: number): Expand {
  const type = shape?.fields.get(field)
  const inner = type === undefined ? null : shapeNamed(isList(type) ? itemType(type) : type)
  const fields = inner ? new Set(inner.fields.keys()) : null
  const steps: ((rows: readonly Row[]) => readonly Row[])[] = []
  let columns: ReadonlySet<string> | null = null
  let below: ReadonlyMap<string, Expand> = new Map()
  const options = new Map(
    splitOutside(text, ';')
      .filter((part) => part.trim() !== '')
      .map((part) => {
        const at = part.indexOf('=')
        return [part.slice(0, at).trim(), part.slice(at + 1)] as const
      }),
  )
  for (const [name, value] of options) {
    if (name === '$select') columns = new Set(value.split(',').map((column) => column.trim()))
    else if (name === '$expand') below = readExpand(value, inner, depth + 1)
    else if (!['$filter', '$orderby', '$skip', '$top', '$count', '$levels'].includes(name))
      throw badRequest(`$expand: the option ${name} is not known.`)
  }
  const filter = options.get('$filter')
  if (filter !== undefined) {
    const test = readFilter(filter, fields)
    steps.push((rows) => rows.filter(test))
  }
  const order = options.get('$orderby')
  if (order !== undefined) {
    const compare = readOrder(order, fields)
    steps.push((rows) => rows.toSorted(compare))
  }
  const [skip, top] = [
    Number(options.get('$skip') ?? 0),
    Number(options.get('$top') ?? Number.POSITIVE_INFINITY),
  ]
  if (Number.isNaN(skip) || Number.isNaN(top)) throw badRequest('$expand: $skip and $top are whole numbers.')
  steps.push((rows) => rows.slice(skip, skip + top))
  return { columns, below, change: (rows) => steps.reduce((current, step) => step(current), rows) }
}

/**
 * What a row looks like outside: its columns, without navigation that was not asked for. Only shapes say what
 * navigation is, so a row without one is given as it is.
 */
export function project(
  row: Row,
  columns: ReadonlySet<string> | null,
  expand: ReadonlyMap<string, Expand>,
  shape: Shape | null,
): Row {
  const result: Row = {}
  for (const [field, value] of Object.entries(row)) {
    const asked = expand.get(field)
    const isNavigation = shape?.navigation.has(field) === true
    const isWanted = columns === null || columns.has(field) || columns.has('*') || field.startsWith('@')
    if (asked || (isWanted && !isNavigation)) result[field] = projectValue(value, field, shape, asked)
  }
  return result
}

function projectValue(
  value: unknown,
  field: string,
  shape: Shape | null,
  asked: Expand | undefined,
): unknown {
  const type = shape?.fields.get(field)
  if (type === 'ConcealedPassword') return { Concealed: true, Value: null }
  const inner = type === undefined ? null : shapeNamed(isList(type) ? itemType(type) : type)
  const below = asked?.below ?? new Map<string, Expand>()
  const one = (item: unknown): unknown =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? project(item as Row, asked?.columns ?? null, below, inner)
      : item
  if (!Array.isArray(value)) return one(value)
  const items = asked ? asked.change(value as Row[]) : value
  return items.map(one)
}
