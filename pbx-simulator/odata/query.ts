import { isList, itemType, shapeNamed, type Shape } from '../model/shape.ts'
import { readFilter, type Row } from './filter.ts'
import { splitOutside } from './literal.ts'
import { readOrder } from './order.ts'
import { project, readExpand, type Expand } from './projection.ts'
import { badRequest } from './refusal.ts'

/** The options of one request, as they stood in the query string. */
export type QueryText = ReadonlyMap<string, string>

/** What a list allows: the largest `$top`, and how many rows it gives at once without being asked. */
export type Limits = { maxTop: number; pageSize: number }

export type Page = { rows: Row[]; count: number | null; next: number | null; columns: string | null }

const OPTIONS = new Set([
  '$top',
  '$skip',
  '$filter',
  '$search',
  '$count',
  '$orderby',
  '$select',
  '$expand',
  '$format',
])

/** Refuses options nobody knows, so that a typing error is not an answer to another question. */
export function checkOptions(query: QueryText): void {
  for (const name of query.keys())
    if (name.startsWith('$') && !OPTIONS.has(name)) throw badRequest(`The query option ${name} is not known.`)
}

function wholeNumber(query: QueryText, name: string): number | null {
  const text = query.get(name)
  if (text === undefined) return null
  if (!/^\d{1,9}$/.test(text)) throw badRequest(`${name} is no whole number: ${text}`)
  return Number(text)
}

/** Rows of a list after `$filter`, `$search`, `$orderby`, `$skip`, `$top`, `$expand` and `$select`. */
export function answerList(all: readonly Row[], query: QueryText, shape: Shape | null, limits: Limits): Page {
  checkOptions(query)
  const top = wholeNumber(query, '$top')
  if (top !== null && top > limits.maxTop)
    throw badRequest(
      `The limit of '${limits.maxTop}' for Top query has been exceeded. The value from the incoming request is '${top}'.`,
    )
  const fields = shape ? new Set(shape.fields.keys()) : null
  const filter = query.get('$filter')
  const search = query.get('$search')
  let rows: readonly Row[] = filter ? all.filter(readFilter(filter, fields)) : all
  if (search) rows = rows.filter(searching(search))
  const order = query.get('$orderby')
  if (order) rows = rows.toSorted(readOrder(order, fields))
  const count = query.get('$count') === 'true' ? rows.length : null
  const skip = wholeNumber(query, '$skip') ?? 0
  const size = Math.min(top ?? Number.POSITIVE_INFINITY, limits.pageSize)
  const page = rows.slice(skip, skip + size)
  const isCut = page.length < Math.min(top ?? Number.POSITIVE_INFINITY, rows.length - skip)
  return {
    rows: page.map((row) => answerOne(row, query, shape)),
    count,
    next: isCut ? skip + page.length : null,
    columns: query.get('$select') ?? null,
  }
}

/** One row after `$expand` and `$select`. */
export function answerOne(row: Row, query: QueryText, shape: Shape | null): Row {
  return project(row, readColumns(query.get('$select'), shape), expandOf(query, shape), shape)
}

function expandOf(query: QueryText, shape: Shape | null): ReadonlyMap<string, Expand> {
  const text = query.get('$expand')
  return text ? readExpand(text, shape) : new Map()
}

/** The fields named by `$select`, or null for all. */
export function readColumns(text: string | undefined, shape: Shape | null): ReadonlySet<string> | null {
  if (!text || text.trim() === '*') return null
  const names = splitOutside(text, ',').map((name) => name.trim())
  for (const name of names) {
    const [first = ''] = name.split('/')
    if (shape && first !== '*' && !shape.fields.has(first))
      throw badRequest(`$select: there is no property "${name}" on ${shape.name}.`)
  }
  return new Set(names.map((name) => name.split('/')[0] ?? name))
}

function searching(text: string): (row: Row) => boolean {
  const words = [...text.toLowerCase().matchAll(/"([^"]*)"|(\S+)/g)].map(
    (match) => match[1] ?? match[2] ?? '',
  )
  return (row) => {
    const found = Object.values(row)
      .filter((value) => typeof value === 'string')
      .join('\n')
      .toLowerCase()
    return words.filter((word) => word !== 'and').every((word) => found.includes(word))
  }
}

/** The shape of what a field holds, for expanding it. */
export function shapeOf(shape: Shape | null, field: string): Shape | null {
  const type = shape?.fields.get(field)
  return type === undefined ? null : shapeNamed(isList(type) ? itemType(type) : type)
}
