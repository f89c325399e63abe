import { PAGES } from '../../contract/pages.ts'

/** What a card is opened for; the address of the page says it all. */
export type PopAddress = {
  number?: string | null
  call?: string | null
  host?: string | number | null
  /** Which one it is of several candidates. */
  contact_id?: number | null
  customer_id?: number | null
}

/** Where the calls of which PBX go, and of which call that is asked. */
export type InboundAddress = {
  host?: number | null
  did?: string
  caller?: string
  /** By the clocks of the PBX, `2026-12-24T16:30`; absent = now. */
  at?: string
  /** `1`: the PBX is read anew. */
  fresh?: '1' | null
}

function withQuery(path: string, query: Record<string, string | number | null | undefined>): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== '') search.set(name, String(value))
  }
  const text = search.toString()
  return text === '' ? path : `${path}?${text}`
}

/** Every link of the console. */
export const paths = {
  login: (next?: string) => withQuery(PAGES.login, { next: next === PAGES.pop ? null : next }),
  pop: (address: PopAddress = {}) => withQuery(PAGES.pop, address),
  popOf: (partyId: number) => PAGES.popOf.replace(':id', String(partyId)),
  inbound: (asked: InboundAddress = {}) => withQuery(PAGES.inbound, asked),
  account: () => PAGES.account,
  callbacks: (show?: string, page?: number) =>
    withQuery(PAGES.callbacks, { show: show === 'due' ? null : show, page: page === 1 ? null : page }),
}

/** Where to go after the sign-in: a place of this console, never of another host. */
export function nextOf(search: URLSearchParams): string {
  const next = search.get('next') ?? ''
  return /^\/(?![/\\])/.test(next) ? next : paths.pop()
}
