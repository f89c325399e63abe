import type { FastifyReply, FastifyRequest, preValidationHookHandler } from 'fastify'
import { Type, type TProperties } from 'typebox'
import { ListQuery, type Page } from '../../../contract/common.ts'
import { readListRequest, type ListRequest } from '../../platform/listing.ts'

/** Rows of a list that is answered as a bare array. */
const MOST_BARE = 1_000
const PER_PAGE = 200

/** The query of a list with filters of its own, which may also be written `filter[name]=`. */
export function FilteredQuery<Filters extends TProperties>(filters: Filters) {
  const { page, per_page, sort } = ListQuery.properties
  const paging = {
    page: Type.Optional(withoutDefault(page)),
    per_page: Type.Optional(withoutDefault(per_page)),
    sort,
  }
  return Type.Object({ ...filters, ...paging }, { additionalProperties: true })
}

/** Whether paging was asked for is told by its absence. */
function withoutDefault<Schema extends object>(schema: Schema): Schema {
  const { default: _, ...rest } = schema as Schema & { default?: unknown }
  return rest as Schema
}

const SPELLED = /^filter\[(\w+)\]$/

/** Route option: `filter[name]=` is taken for `name=` where the latter is not there itself. */
export function takesFilters(): { preValidation: preValidationHookHandler } {
  return {
    preValidation(request, _reply, done) {
      const query = request.query as Record<string, unknown>
      for (const [key, value] of Object.entries(query)) {
        const name = SPELLED.exec(key)?.[1]
        if (name === undefined) continue
        query[name] ??= value
        delete query[key]
      }
      done()
    },
  }
}

type Paging = { page?: number | undefined; per_page?: number | undefined; sort?: string | undefined }

/** What the query asks of the list; 422 for a sorting it does not know. */
export function pagingOf(query: Paging, columns: Record<string, string>): ListRequest {
  return readListRequest(query, { sort: Object.keys(columns), filters: [] })
}

/**
 * A list that is a bare array unless `page` or `per_page` is asked for. The array ends at a thousand rows; `Link` says
 * where the pages begin and where the next row is.
 */
export async function bareOrPage<Item>(
  request: FastifyRequest,
  reply: FastifyReply,
  columns: Record<string, string>,
  read: (asked: ListRequest) => Promise<Page<Item>>,
): Promise<Item[] | Page<Item>> {
  const query = request.query as Paging
  const asked = pagingOf(query, columns)
  if (query.page !== undefined || query.per_page !== undefined) return read(asked)
  const { data, total } = await read({ ...asked, page: 1, perPage: MOST_BARE })
  const pageAt = (page: number, rel: string) => {
    const url = new URL(request.url, 'http://hub')
    url.searchParams.set('page', String(page))
    url.searchParams.set('per_page', String(PER_PAGE))
    return `<${url.pathname}${url.search}>; rel="${rel}"`
  }
  const next = total > MOST_BARE ? [pageAt(MOST_BARE / PER_PAGE + 1, 'next')] : []
  const links = [pageAt(1, 'first'), ...next]
  reply.header('link', [reply.getHeader('link') ?? [], links].flat().join(', '))
  return data
}
