import { sql, type RawBuilder } from 'kysely'
import { contains } from '../platform/database/engine.ts'
import { invalid } from '../platform/errors.ts'
import { readListRequest, type ListAllows, type ListRequest } from '../platform/listing.ts'
import { isStorable, UNSTORABLE } from '../platform/field-check.ts'
import { accountKey, fold } from './fold.ts'

/**
 * The filters of one list, read as what they compare with. null = not asked for; a value that cannot be read
 * is a 422.
 */
export type Filters = {
  text(name: string): string | null
  flag(name: string): boolean | null
  id(name: string): number | null
  /** The words of a free search, all of which have to occur. */
  words(name: string): Word[]
}

/** A word of a free search, as names are folded and as accounts are compared: an account keeps its accents. */
export type Word = { folded: string; account: string }

const MOST_WORDS = 10
const FLAGS: Record<string, boolean> = { '1': true, true: true, '0': false, false: false }

/** As `readListRequest`, with the filters read. */
export function readFilteredList(
  query: Record<string, unknown>,
  allows: ListAllows,
): { request: ListRequest; filters: Filters } {
  const request = readListRequest(query, allows)
  const refuse = (name: string, message: string): never => {
    throw invalid({ [`filter[${name}]`]: [message] })
  }
  const text = (name: string): string | null => {
    const value = request.filters[name]
    if (value === undefined) return null
    if (!isStorable(value)) refuse(name, UNSTORABLE)
    return value
  }
  const filters: Filters = {
    text,
    flag(name) {
      const value = text(name)
      return value === null ? null : (FLAGS[value] ?? refuse(name, 'Is either 1 (true) or 0 (false).'))
    },
    id(name) {
      const value = text(name)
      if (value === null) return null
      return /^[0-9]{1,15}$/.test(value) ? Number(value) : refuse(name, 'Is an id: a whole number.')
    },
    words: (name) =>
      (text(name) ?? '')
        .split(/\s+/)
        .map((word) => ({ folded: fold(word), account: accountKey(word) }))
        .filter(({ folded }) => folded !== '')
        .slice(0, MOST_WORDS),
  }
  return { request, filters }
}

/** As `contains`, for a column whose text was never folded. The needle is lower case. */
export function containsAnyCase(column: string, needle: string): RawBuilder<boolean> {
  const pattern = `%${needle.replace(/[\\%_]/g, (sign) => `\\${sign}`)}%`
  return sql<boolean>`lower(${sql.ref(column)}) like ${sql.val(pattern)} escape '\\'`
}

/** Whether a word of a free search is in one of these columns: folded names, account keys, text as it was typed. */
export function occursIn(
  { folded, account }: Word,
  columns: { folded: string[]; accounts?: string[]; typed?: string[] },
): RawBuilder<boolean> {
  const { accounts = [], typed = [] } = columns
  const places = [
    ...columns.folded.map((column) => contains(column, folded)),
    ...accounts.map((column) => contains(column, account)),
    ...typed.map((column) => containsAnyCase(column, folded)),
  ]
  return sql<boolean>`(${sql.join(places, sql` or `)})`
}
