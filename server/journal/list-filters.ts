import { invalid } from '../platform/errors.ts'
import { readInstant } from '../platform/local-time.ts'
import { readListRequest, type ListAllows, type ListRequest } from '../platform/listing.ts'

/** The filters of one list of the journal. null = not asked for; a value that cannot be read is a 422. */
export type JournalFilters = {
  text(name: string): string | null
  id(name: string): number | null
  /** ms UTC: an instant or a calendar day, whose midnight in the tenant's zone is meant. */
  instant(name: string): number | null
}

const DAY = /^\d{4}-\d\d-\d\d$/

/** As `readListRequest`, with the filters read; `zone` is the tenant's. */
export function readJournalList(
  query: Record<string, unknown>,
  allows: ListAllows,
  zone: string,
): { request: ListRequest; filters: JournalFilters } {
  const request = readListRequest(query, allows)
  const text = (name: string) => request.filters[name] ?? null
  const refuse = (name: string, message: string): never => {
    throw invalid({ [`filter[${name}]`]: [message] })
  }
  const filters: JournalFilters = {
    text,
    id(name) {
      const value = text(name)
      if (value === null) return null
      return /^[0-9]{1,15}$/.test(value) ? Number(value) : refuse(name, 'Is an id: a whole number.')
    },
    instant(name) {
      const value = text(name)
      if (value === null) return null
      const read = readInstant(DAY.test(value) ? `${value}T00:00` : value, zone)
      return read ?? refuse(name, 'Is a day such as 2026-11-22 or an instant such as 2026-11-22T14:30:00Z.')
    },
  }
  return { request, filters }
}
