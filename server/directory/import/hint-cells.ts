import { languageTag } from '../../platform/language-tags.ts'
import { E164, HINTS } from '../hints.ts'
import { isWebLink, LONGEST_LINK, readQueuePosition, Refusal, shown, type Wish } from './cells.ts'
import type { Column, ColumnPlan } from './columns.ts'

export type Hints = {
  direct_line: Wish<string>
  queue_position: Wish<number>
  route_identifier: Wish<string>
  backend_link: Wish<string>
  outbound_number: Wish<string>
  language: Wish<string>
}

type ReadText = (column: Column, longest?: number) => Wish<string>

/** Reads the routing hints of the row that `text` reads; undefined where the file has no column of them. Throws Refusal. */
export function openHintReader(at: ColumnPlan['at'], text: ReadText): () => Hints | undefined {
  /** A cell as `read` understands it, refused where that is null. */
  const read = <T>(
    column: Column,
    code: string,
    { how, as, longest }: { how: string; as: (value: string) => T | null; longest?: number },
  ): Wish<T> => {
    const value = text(column, longest)
    if (typeof value !== 'string') return value
    const found = as(value)
    if (found === null) throw new Refusal(code, `${column} is "${shown(value)}": write ${how}.`)
    return found
  }
  if (HINTS.every((name) => at[name] === undefined)) return () => undefined
  return () => ({
    direct_line: text('direct_line'),
    queue_position: read('queue_position', 'bad_queue_position', {
      how: 'a whole number from 0 to 100',
      as: readQueuePosition,
    }),
    route_identifier: text('route_identifier'),
    backend_link: read('backend_link', 'bad_link', {
      how: 'an address that begins with http:// or https://',
      as: (value) => (isWebLink(value) ? value : null),
      longest: LONGEST_LINK,
    }),
    outbound_number: read('outbound_number', 'bad_number', {
      how: 'it like +33199001000',
      as: (value) => (E164.test(value) ? value : null),
    }),
    language: read('language', 'bad_language', { how: 'it like fr or pt-BR', as: languageTag }),
  })
}
