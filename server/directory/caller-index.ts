import { accountKey } from './fold.ts'
import { randomSeed } from './index/hash.ts'
import { ExactHit, type Attempt, type Hit } from './index/hit.ts'
import { nationalKey, numericPart, textKey } from './index/keys.ts'
import { allOwners, findNumber, textOf, type MatchOptions } from './index/matching.ts'
import { joinImages, splitImages, type JoinedFacts, type MemoryImage } from './index/memory-image.ts'
import { NumberList } from './index/number-list.ts'
import { NO_OWNER, OwnerTable } from './index/owner-table.ts'
import { PostingLists } from './index/posting-lists.ts'
import { RecordStore, type Owner } from './index/record-store.ts'
import { TailTable } from './index/tail-table.ts'
import type { CategoryRecord, PartyRecord, PartySummary } from './party-record.ts'
import type { ReadNumber } from './read-number.ts'

export type { Attempt, Hit, Tier, VisitOwner } from './index/hit.ts'
export type { MatchOptions } from './index/matching.ts'
export { CONFIDENCE } from './index/hit.ts'

/** The size of an index: `numbers` counts different numbers and texts, `parts` says where the bytes are. */
export type IndexStats = { parties: number; numbers: number; bytes: number; parts: Record<string, number> }

/**
 * One tenant's customers and contacts in memory, found by number or by account without any I/O. Inactive parties, and
 * persons of an inactive customer, are kept but never found. Party ids are positive integers. Nothing throws.
 */
export type CallerIndex = {
  /** Replaces whatever this party id had. */
  put(record: PartyRecord): void
  /**
   * For an index that is empty: a book put into it party by party, each once. Only after `end` is anybody found by a
   * number; a large book is in at a fraction of the price.
   */
  fill(): { put(record: PartyRecord): void; end(): void }
  remove(partyId: number): void
  get(partyId: number): PartyRecord | null
  /** The party without its numbers. */
  summary(partyId: number): PartySummary | null
  putCategory(category: CategoryRecord): void
  removeCategory(id: number): void
  category(id: number): CategoryRecord | null
  /**
   * The active owner of exactly this E.164 number, and its customer, where it has only one: nearly every known caller.
   * null says nothing about the other rules.
   */
  exactOwner(digits: number): Owner | null
  /** Who owns a number, by the first rule that finds somebody; `tried` takes down the keys looked for. */
  findNumber(read: ReadNumber, options: MatchOptions, tried?: Attempt[]): Hit
  /** Ids of all parties, inactive ones too, that have this number as it is written or the same one without a country. */
  ownersOf(read: ReadNumber): number[]
  /**
   * Active customers, ascending by id: those of exactly this account (case and compatibility forms aside), else, for a
   * text of digits alone, those whose account has the same digits without leading zeros.
   */
  findAccount(text: string): number[]
  stats(): IndexStats
  /** Everything this index is made of, good until it changes. */
  image(): CallerIndexImage
}

/** Whoever changes how the index lies in memory gives this another number: an image of another form is of no use. */
export const INDEX_FORM = 5

export type CallerIndexImage = MemoryImage<{
  seed: number
  nationals: number
  categories: CategoryRecord[]
  parts: JoinedFacts
}>

type Keys = { numbers: number[]; texts: number[]; account: number | null; digits: number | null }

function addTo(keys: number[], key: number): void {
  if (!keys.includes(key)) keys.push(key)
}

/** Longer than any account: not worth folding. */
const LONGEST_ACCOUNT = 200
/** What people put between the digits they key. */
const SEPARATORS = /[\s.\-_/#*]/g
const SHORTEST_TAIL = 10 ** 8

/** An empty index, or the one an image was taken of. */
export function openCallerIndex(image?: CallerIndexImage): CallerIndex {
  const part = image && splitImages({ facts: image.facts.parts, memory: image.memory })
  const seed = image?.facts.seed ?? randomSeed()
  const lists = new PostingLists(part?.('lists'))
  const numbers = new OwnerTable(seed, lists, part?.('numbers'))
  const texts = new OwnerTable(seed, lists, part?.('texts'))
  const accounts = new OwnerTable(seed, lists, part?.('accounts'))
  const accountDigits = new OwnerTable(seed, lists, part?.('accountDigits'))
  const tails = new TailTable(seed, part?.('tails'))
  const records = new RecordStore(part?.('records'))
  const categories = new Map((image?.facts.categories ?? []).map((category) => [category.id, category]))
  const tables = { numbers, nationals: image?.facts.nationals ?? 0, tails, texts, records, seed }

  const keysOf = (record: PartyRecord): Keys => {
    const keys: Keys = { numbers: [], texts: [], account: null, digits: null }
    for (const { read } of record.numbers) {
      const text = textOf(read)
      if (text !== null) addTo(keys.texts, textKey(text, seed))
      else if (read.kind === 'external') addTo(keys.numbers, read.digits)
      else if (read.kind === 'national') addTo(keys.numbers, nationalKey(read.digits)!)
    }
    if (record.party === 'customer' && record.account !== null) {
      const digits = numericPart(record.account)
      keys.account = textKey(accountKey(record.account), seed)
      keys.digits = digits === null ? null : textKey(digits, seed)
    }
    return keys
  }

  /** Lists a party under everything but its numbers. */
  const listTexts = (id: number, { texts: keys, account, digits }: Keys) => {
    for (const key of keys) texts.add(key, id)
    if (account !== null) accounts.add(account, id)
    if (digits !== null) accountDigits.add(digits, id)
  }

  const remove = (partyId: number) => {
    const record = records.read(partyId)
    if (record === null) return
    const keys = keysOf(record)
    for (const key of keys.numbers) {
      if (!numbers.remove(key, partyId)) continue
      if (key < 0) tables.nationals--
      if (Math.abs(key) >= SHORTEST_TAIL) tails.remove(key)
    }
    for (const key of keys.texts) texts.remove(key, partyId)
    if (keys.account !== null) accounts.remove(keys.account, partyId)
    if (keys.digits !== null) accountDigits.remove(keys.digits, partyId)
    records.remove(partyId)
  }

  const customersAt = (table: OwnerTable, key: number, isThis: (account: string) => boolean): number[] => {
    const found: number[] = []
    table.every(key, (id) => {
      const record = records.isHidden(id) ? null : records.summary(id)
      if (record?.party === 'customer' && record.account !== null && isThis(record.account))
        found.push(record.id)
      return true
    })
    return found.sort((a, b) => a - b)
  }

  return {
    put(record) {
      remove(record.id)
      const { id } = record
      records.add(record)
      const keys = keysOf(record)
      for (const key of keys.numbers) {
        if (!numbers.add(key, id)) continue
        if (key < 0) tables.nationals++
        if (Math.abs(key) >= SHORTEST_TAIL) tails.add(key)
      }
      listTexts(id, keys)
    },
    fill() {
      const waiting = new NumberList()
      return {
        put(record) {
          records.add(record)
          const keys = keysOf(record)
          listTexts(record.id, keys)
          for (const key of keys.numbers) waiting.push(key, record.id)
        },
        end() {
          const ends = new NumberList()
          numbers.fill(waiting, (key) => {
            if (key < 0) tables.nationals++
            if (Math.abs(key) >= SHORTEST_TAIL) ends.push(key, 0)
          })
          tails.fill(ends)
        },
      }
    },
    remove,
    get: (partyId) => records.read(partyId),
    summary: (partyId) => records.summary(partyId),
    putCategory: (category) => void categories.set(category.id, { ...category }),
    removeCategory: (id) => void categories.delete(id),
    category: (id) => categories.get(id) ?? null,
    exactOwner(digits) {
      const id = digits > 0 ? numbers.only(digits) : NO_OWNER
      return id > 0 && !records.isHidden(id) ? records.withCustomer(id) : null
    },
    findNumber(read, options, tried) {
      if (tried === undefined && read.kind === 'external' && read.digits > 0) {
        const id = numbers.only(read.digits)
        if (id > 0 && !records.isHidden(id)) return new ExactHit(id)
      }
      return findNumber(tables, read, options, tried ?? null)
    },
    ownersOf: (read) => allOwners(tables, read),
    findAccount(text) {
      if (text.length > LONGEST_ACCOUNT) return []
      for (const wanted of new Set([accountKey(text), accountKey(text.replace(/[#*]/g, ''))])) {
        if (wanted === '') continue
        const exact = customersAt(
          accounts,
          textKey(wanted, seed),
          (account) => accountKey(account) === wanted,
        )
        if (exact.length > 0) return exact
      }
      const keyed = accountKey(text).replace(SEPARATORS, '')
      if (!/^[0-9]+$/.test(keyed)) return []
      const digits = keyed.replace(/^0+(?=.)/, '')
      return customersAt(accountDigits, textKey(digits, seed), (account) => numericPart(account) === digits)
    },
    image() {
      const named = { lists, numbers, texts, accounts, accountDigits, tails, records }
      const joined = joinImages(
        Object.fromEntries(Object.entries(named).map(([name, one]) => [name, one.image()])),
      )
      const facts = {
        seed,
        nationals: tables.nationals,
        categories: [...categories.values()],
        parts: joined.facts,
      }
      return { facts, memory: joined.memory }
    },
    stats() {
      const parts = {
        numbers: numbers.bytes,
        tails: tails.bytes,
        lists: lists.bytes,
        texts: texts.bytes,
        accounts: accounts.bytes + accountDigits.bytes,
        ...records.bytes,
      }
      const bytes = Object.values(parts).reduce((sum, part) => sum + part, 0)
      return { parties: records.size, numbers: numbers.size + texts.size, bytes, parts }
    },
  }
}
