export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** One request of a chain of redirects. Header names are lower case. */
export type Hop = {
  url: URL
  method: Method
  headers: Record<string, string>
  body: string | Uint8Array | null
}

const REDIRECTS = new Set([301, 302, 303, 307, 308])

/** All that another origin is told: a header we do not know may carry a credential under any name. */
const HARMLESS_HEADERS = new Set(['accept', 'accept-language', 'content-type'])

/**
 * Where an answer sends the request, as RFC 9110 section 15.4 has it; null when it is no redirect. Throws what
 * `readUrl` throws for an address that cannot be followed.
 */
export function nextHop(
  hop: Hop,
  response: { status: number; headers: Record<string, string> },
  readUrl: (location: string, base: URL) => URL,
): Hop | null {
  const location = response.headers['location']
  if (!REDIRECTS.has(response.status) || location === undefined) return null
  const url = readUrl(location, hop.url)
  const headers =
    url.origin === hop.url.origin ? hop.headers : keep(hop.headers, (name) => HARMLESS_HEADERS.has(name))
  const becomesGet =
    response.status === 303
      ? hop.method !== 'HEAD'
      : hop.method === 'POST' && (response.status === 301 || response.status === 302)
  if (!becomesGet) return { ...hop, url, headers }
  return { url, method: 'GET', headers: keep(headers, (name) => !name.startsWith('content-')), body: null }
}

function keep(headers: Record<string, string>, isKept: (name: string) => boolean): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => isKept(name)))
}
