import type { ReadNumber } from '../read-number.ts'
import { aliasKeys, nationalDigits } from '../phone-number.ts'
import { CONFIDENCE, MOST_OWNERS, NOBODY, type Attempt, type Hit, type Tier, type VisitOwner } from './hit.ts'
import { isNumberKey, nationalKey, nationalOf, textKey } from './keys.ts'
import { NO_OWNER, type OwnerTable } from './owner-table.ts'
import type { RecordStore } from './record-store.ts'
import type { TailTable } from './tail-table.ts'

export type MatchOptions = {
  /** Whether a number may match by its last nine digits. */
  tail: boolean
  /** Whether an unknown extension behind a company's main number may match the company. */
  switchboard: boolean
}

export type Tables = {
  /** By E.164 digits and national keys. */
  numbers: OwnerTable
  /** How many of these are numbers without a country. */
  nationals: number
  tails: TailTable
  texts: OwnerTable
  records: RecordStore
  seed: number
}

const NATIONAL_AT_LEAST = 8
const TAIL = 9
const PREFIX_AT_LEAST = 7

type Accepts = (partyId: number) => boolean

/** Finds who owns a number. `tried` takes down every key looked for; leave it null where time counts. */
export function findNumber(
  tables: Tables,
  read: ReadNumber,
  options: MatchOptions,
  tried: Attempt[] | null,
): Hit {
  switch (read.kind) {
    case 'withheld':
      return NOBODY
    case 'external':
      return isNumberKey(read.digits)
        ? findExternal(tables, read.digits, options, tried)
        : findText(tables, read.e164, tried)
    case 'national':
      return nationalKey(read.digits) === null
        ? findText(tables, read.digits, tried)
        : findNational(tables, read.digits, options, tried)
    case 'short':
    case 'unreadable':
      return findText(tables, read.text, tried)
  }
}

function findExternal(tables: Tables, digits: number, options: MatchOptions, tried: Attempt[] | null): Hit {
  if (tried !== null || tables.numbers.only(digits) !== NO_OWNER) {
    const exact = gather(tables, 'exact', [digits], tried)
    if (exact !== NOBODY) return exact
  }
  if (tables.nationals > 0 || tried !== null) {
    const national = gather(tables, 'national', withoutCountry(digits), tried)
    if (national !== NOBODY) return national
  }
  const aliases = mayHaveAliases(digits) ? aliasKeys(digits) : []
  const alias = gather(tables, 'alias', aliases, tried)
  if (alias !== NOBODY) return alias
  const tail = options.tail ? findTail(tables, digits, nationalDigits(digits), tried) : NOBODY
  if (tail !== NOBODY) return tail
  return options.switchboard ? findSwitchboard(tables, digits, tried) : NOBODY
}

/** Whether the number begins with 52 or 54 and has 12 or 13 digits: the few that can have an alias, told without text. */
function mayHaveAliases(digits: number): boolean {
  const start = Math.floor(digits / 1e10)
  return start === 52 || start === 54 || Math.floor(start / 10) === 52 || Math.floor(start / 10) === 54
}

/** Keys under which a number with its country lies when nobody named the country as it was written down. */
function withoutCountry(digits: number): number[] {
  const subscriber = nationalDigits(digits)
  // A zero that belongs to the number (Italy) looks like a trunk prefix where the country is unknown.
  const spellings = new Set([subscriber, subscriber.replace(/^0/, ''), String(digits)])
  return [...spellings].filter((text) => text.length >= NATIONAL_AT_LEAST).map((text) => nationalKey(text)!)
}

function findNational(tables: Tables, digits: string, options: MatchOptions, tried: Attempt[] | null): Hit {
  const long = digits.length >= NATIONAL_AT_LEAST
  const keys = [
    nationalKey(digits)!,
    ...(long ? [...withCountry(tables, digits), ...withCountry(tables, `0${digits}`)] : []),
  ]
  const national = gather(tables, 'national', keys, tried)
  if (national !== NOBODY) return national
  const asWritten = Number(digits)
  if (long && isNumberKey(asWritten) && !digits.startsWith('0')) {
    const withPlus = gather(tables, 'national', [asWritten], tried)
    if (withPlus !== NOBODY) return withPlus
  }
  return options.tail ? findTail(tables, null, digits, tried) : NOBODY
}

/** Numbers of the book that are these subscriber's digits behind some calling code. */
function withCountry({ tails }: Tables, subscriber: string): number[] {
  const found: number[] = []
  const end = Number(subscriber.slice(-TAIL))
  if (subscriber.length >= TAIL) tails.collect(end, found)
  // Eight digits: the ninth from the end is the last one of the calling code.
  else for (let code = 0; code <= 9; code++) tails.collect(code * 10 ** subscriber.length + end, found)
  return found.filter((key) => key > 0 && nationalDigits(key) === subscriber)
}

/**
 * The only number of the whole book with the same last nine digits, unless the calling codes contradict each other
 * (`caller` null: he has none).
 */
function findTail(tables: Tables, caller: number | null, subscriber: string, tried: Attempt[] | null): Hit {
  if (subscriber.length < TAIL) return NOBODY
  const found: number[] = []
  tables.tails.collect(Number(subscriber.slice(-TAIL)), found)
  const alike = found.filter((key) => subscriberOf(key).length >= TAIL && isOwned(tables, key))
  const [key] = alike
  if (key === undefined || alike.length > 1 || contradict(caller, key)) {
    tried?.push({ tier: 'tail', key: `…${subscriber.slice(-TAIL)}`, hits: 0 })
    return NOBODY
  }
  return gather(tables, 'tail', [key], tried)
}

const subscriberOf = (key: number) => (key < 0 ? nationalOf(key) : nationalDigits(key))
const callingCode = (digits: number) => String(digits).slice(0, -nationalDigits(digits).length)
const contradict = (caller: number | null, key: number) =>
  caller !== null && key > 0 && callingCode(caller) !== callingCode(key)
const isOwned = ({ numbers, records }: Tables, key: number) =>
  !numbers.every(key, (id) => records.isHidden(id))

/**
 * The company whose main number this one continues: up to three digits off the end, replaced by one 0 or by nothing.
 * Never in +1, where neighbours in a block are strangers.
 */
function findSwitchboard(tables: Tables, digits: number, tried: Attempt[] | null): Hit {
  if (String(digits).startsWith('1')) return NOBODY
  const { records } = tables
  const isCompany = (id: number) => !records.isHidden(id) && records.isCustomer(id)
  for (let cut = 1; cut <= 3; cut++) {
    const prefix = Math.floor(digits / 10 ** cut)
    if (prefix < 10 ** (PREFIX_AT_LEAST - 1)) break
    for (const key of [prefix * 10, prefix]) {
      const hit = gather(tables, 'switchboard', [key], tried, isCompany)
      if (hit !== NOBODY) return hit
    }
  }
  return NOBODY
}

/** Everybody, active or not, who has a number as it is written, or the same one written without its country. */
export function allOwners({ numbers, texts, records, seed }: Tables, read: ReadNumber): number[] {
  const found = new Set<number>()
  const add = (id: number) => {
    found.add(id)
    return true
  }
  const text = textOf(read)
  if (text !== null) {
    const key = textKey(text, seed)
    texts.every(key, (id) => (key > 0 || hasText(records, id, text) ? add(id) : true))
  } else if (read.kind === 'external') {
    const withoutItsCountry = nationalKey(nationalDigits(read.digits))
    numbers.every(read.digits, add)
    if (withoutItsCountry !== null) numbers.every(withoutItsCountry, add)
  } else if (read.kind === 'national') numbers.every(nationalKey(read.digits)!, add)
  return [...found]
}

const hasText = (records: RecordStore, id: number, text: string): boolean =>
  records.read(id)?.numbers.some(({ read }) => textOf(read) === text) === true

function findText(tables: Tables, text: string, tried: Attempt[] | null): Hit {
  const { texts, records, seed } = tables
  const key = textKey(text, seed)
  const holds = (id: number) => key > 0 || hasText(records, id, text)
  const hit = walk(tables, 'extension', texts, [key], (id) => !records.isHidden(id) && holds(id))
  tried?.push({ tier: 'extension', key: text, hits: hit.owners.length })
  return hit
}

/** The exact text a number is listed by; null for one listed by its digits. */
export function textOf(read: ReadNumber): string | null {
  switch (read.kind) {
    case 'withheld':
      return null
    case 'external':
      return isNumberKey(read.digits) ? null : read.e164
    case 'national':
      return nationalKey(read.digits) === null ? read.digits : null
    case 'short':
    case 'unreadable':
      return read.text
  }
}

function gather(tables: Tables, tier: Tier, keys: number[], tried: Attempt[] | null, accepts?: Accepts): Hit {
  if (keys.length === 0) return NOBODY
  const { numbers, records } = tables
  const accept = accepts ?? ((id: number) => !records.isHidden(id))
  if (tried !== null) {
    for (const key of keys) {
      const hits = walk(tables, tier, numbers, [key], accept).owners.length
      tried.push({ tier, key: key > 0 ? `+${key}` : nationalOf(key), hits })
    }
  }
  return walk(tables, tier, numbers, keys, accept)
}

/** Owners of one key, all of them, without the bookkeeping that several keys or a crowd of owners need; null for a crowd. */
function few(tier: Tier, table: OwnerTable, key: number, accept: Accepts): Hit | null {
  const owners: number[] = []
  const all = table.every(key, (id) => !accept(id) || owners.push(id) <= MOST_OWNERS)
  if (!all) return null
  if (owners.length === 0) return NOBODY
  if (owners.length > 1) owners.sort((a, b) => a - b)
  return { tier, confidence: CONFIDENCE[tier], owners, more: false, every: null }
}

function walk(tables: Tables, tier: Tier, table: OwnerTable, keys: number[], accept: Accepts): Hit {
  if (keys.length === 1) {
    const hit = few(tier, table, keys[0]!, accept)
    if (hit !== null) return hit
  }
  const { records } = tables
  const found = new Set<number>()
  const all = keys.every((key) =>
    table.every(key, (id) => {
      if (!accept(id)) return true
      if (found.size === MOST_OWNERS && !found.has(id)) return false
      found.add(id)
      return true
    }),
  )
  if (found.size === 0) return NOBODY
  const owners = [...found].sort((a, b) => a - b)
  const every = (visit: VisitOwner) => {
    for (const key of keys) {
      if (!table.every(key, (id) => !accept(id) || visit(id, records.customerOf(id)))) return
    }
  }
  return { tier, confidence: CONFIDENCE[tier], owners, more: !all, every: all ? null : every }
}
