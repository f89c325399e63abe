import { isXapiError, XapiError } from './errors.ts'

/** OData's options for a list. */
export type ListQuery = {
  $filter?: string
  $search?: string
  $orderby?: readonly string[]
  $select?: readonly string[]
  $expand?: readonly string[]
}

export type PageOptions<Row> = {
  /** Rows asked for at once; shrinks when the PBX refuses it. Default 100. */
  pageSize?: number
  /** No more rows than this. */
  limit?: number
  /** What tells rows apart, where rows may move between two pages: each is answered once. */
  keyOf?: (row: Row) => string
}

type Page = { value?: unknown; '@odata.count'?: unknown; '@odata.nextLink'?: unknown }

const PAGE = 100

/**
 * The rows of a list, page by page as they are wanted. `fetchPage` gets `$top` and `$skip`. A refused `$top` is tried
 * smaller; a page that is short although more rows were promised is followed by the next.
 */
export async function* pages<Row>(
  fetchPage: (window: { $top: number; $skip: number; $count: true }) => Promise<unknown>,
  { pageSize = PAGE, limit = Infinity, keyOf }: PageOptions<Row> = {},
): AsyncGenerator<Row, void, undefined> {
  const seen = new Set<string>()
  let top = pageSize
  let skip = 0
  let given = 0
  while (given < limit) {
    const asked = Math.min(top, keyOf === undefined ? limit - given : top)
    let page: Page
    try {
      page = (await fetchPage({ $top: asked, $skip: skip, $count: true })) as Page
    } catch (error) {
      const smaller = refusedTop(error, asked)
      if (smaller === null) throw error
      top = smaller
      continue
    }
    const rows = rowsOf(page)
    for (const row of rows as Row[]) {
      if (given >= limit) return
      const key = keyOf?.(row)
      if (key !== undefined) {
        if (seen.has(key)) continue
        seen.add(key)
      }
      given++
      yield row
    }
    skip += rows.length
    if (rows.length === 0 || isLast(page, rows.length, asked, skip)) return
  }
}

function isLast(page: Page, length: number, asked: number, skip: number): boolean {
  if (typeof page['@odata.nextLink'] === 'string') return false
  const count = page['@odata.count']
  return typeof count === 'number' ? skip >= count : length < asked
}

function rowsOf(page: Page | null): unknown[] {
  if (Array.isArray(page?.value)) return page.value
  throw new XapiError('server', 'The PBX answered a list without its rows.', { reason: 'no_rows' })
}

/** `The limit of '100' for Top query has been exceeded`: what to ask for instead; null when it is another error. */
function refusedTop(error: unknown, asked: number): number | null {
  if (!isXapiError(error, 'validation') || error.status !== 400 || asked <= 1) return null
  const words = error.problems
    .map(({ message }) => message)
    .find((text) => /\btop\b/i.test(text) && /limit|exceed|maximum|greater/i.test(text))
  if (words === undefined) return null
  const told = [...words.matchAll(/\d+/g)].map(([number]) => Number(number)).filter((n) => n > 0 && n < asked)
  return Math.max(...told, 0) || Math.floor(asked / 2)
}
