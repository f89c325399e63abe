import { OutboundError, type HttpClient } from '../../platform/http-client.ts'

export type CalendarHttp = Pick<HttpClient, 'request'>

/** What an address answered; `ics` null: still what the ETag says. */
export type FetchedCalendar = { ics: string | null; etag: string | null }

/** Why an address gave no calendar, in words that name its host alone. */
export class NoCalendar extends Error {
  override readonly name = 'NoCalendar'
}

const MOST_BYTES = 1024 * 1024
const LONGEST_ETAG = 1_000
const REDIRECTS = 5

/** Asks an address for its calendar. Throws `NoCalendar`. */
export async function fetchCalendar(
  http: CalendarHttp,
  url: string,
  etag: string | null,
): Promise<FetchedCalendar> {
  try {
    const { status, headers, body } = await http.request(url, {
      headers: { accept: 'text/calendar', ...(etag === null ? {} : { 'if-none-match': etag }) },
      maxBytes: MOST_BYTES,
      followRedirects: REDIRECTS,
    })
    if (status === 304 && etag !== null) return { ics: null, etag }
    if (status !== 200) throw new NoCalendar(`${new URL(url).origin} answered with status ${status}`)
    const tag = headers['etag'] ?? null
    return { ics: body.toString('utf8'), etag: tag !== null && tag.length <= LONGEST_ETAG ? tag : null }
  } catch (error) {
    if (error instanceof OutboundError) throw new NoCalendar(error.message, { cause: error })
    throw error
  }
}

/** What is wrong with an address, in words; null when nothing is. */
export function addressFault(text: string): string | null {
  const url = URL.parse(text)
  if (url === null || !['http:', 'https:'].includes(url.protocol))
    return 'Is no complete address: it begins with http:// or https://.'
  if (url.username !== '' || url.password !== '') return 'Cannot hold a user name or password.'
  return null
}
