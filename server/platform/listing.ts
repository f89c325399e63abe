import type { SelectQueryBuilder } from 'kysely'
import type { Page } from '../../contract/common.ts'
import { invalid, type FieldErrors } from './errors.ts'

/** What a list was asked for: names are those of the API, already checked against what the list allows. */
export type ListRequest = {
  page: number
  perPage: number
  sort: { name: string; descending: boolean }[]
  filters: Record<string, string>
}

export type ListAllows = { sort: readonly string[]; filters: readonly string[] }

const FILTER = /^filter\[([^\]]*)\]$/

/** Reads `page`, `per_page`, `sort=-a,b` and `filter[field]=`; a name the list does not know is a 422 that lists the known ones. */
export function readListRequest(query: Record<string, unknown>, allows: ListAllows): ListRequest {
  const errors: FieldErrors = {}
  const filters: Record<string, string> = {}
  for (const [key, value] of Object.entries(query)) {
    const name = FILTER.exec(key)?.[1]
    if (name === undefined) continue
    if (!allows.filters.includes(name)) errors[key] = [`Unknown filter; known: ${allows.filters.join(', ')}.`]
    else if (typeof value === 'string') filters[name] = value
    else errors[key] = ['Give this filter once.']
  }
  const sorting = query['sort']
  const sort = (typeof sorting === 'string' ? sorting : '')
    .split(',')
    .filter((part) => part !== '')
    .map((part) => ({ name: part.replace(/^-/, ''), descending: part.startsWith('-') }))
  const unknown = sort.filter((one) => !allows.sort.includes(one.name))
  if (unknown.length > 0)
    errors['sort'] = [`Cannot sort by ${unknown[0]?.name}; known: ${allows.sort.join(', ')}.`]
  if (Object.keys(errors).length > 0) throw invalid(errors)
  return { page: Number(query['page'] ?? 1), perPage: Number(query['per_page'] ?? 20), sort, filters }
}

/**
 * Runs a filtered query as one page of the envelope. `columns` maps the API's names to columns; `id` makes the
 * order total, so that no row shows on two pages.
 */
export async function readPage<DB, TB extends keyof DB, Row, Item>(
  query: SelectQueryBuilder<DB, TB, Row>,
  request: ListRequest,
  columns: Record<string, string>,
  toItems: (rows: Row[]) => Item[] | Promise<Item[]>,
): Promise<Page<Item>> {
  const counted = await query
    .clearSelect()
    .select((of) => of.fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow()
  const total = Number((counted as { total: number }).total)
  let ordered = query
  for (const { name, descending } of request.sort) {
    ordered = ordered.orderBy(columns[name] as never, descending ? 'desc' : 'asc')
  }
  const rows = await ordered
    .orderBy((columns['id'] ?? 'id') as never)
    .limit(request.perPage)
    .offset((request.page - 1) * request.perPage)
    .execute()
  return {
    data: await toItems(rows),
    current_page: request.page,
    last_page: Math.max(1, Math.ceil(total / request.perPage)),
    per_page: request.perPage,
    total,
  }
}
