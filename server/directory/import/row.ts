import { accountKey, fold } from '../fold.ts'
import { MAIN } from '../phones.ts'
import { LONGEST_LINK, readDate, readTruth, Refusal, shown, type Wish } from './cells.ts'
import type { Column, ColumnPlan } from './columns.ts'
import type { CsvRecord } from './csv-source.ts'
import { openHintReader, type Hints } from './hint-cells.ts'
import { phoneKey, readExtensionCell, readPhoneCell, type CellPhone, type PhoneCell } from './phone-cell.ts'

/** `duty` undefined with a date: only the dates are given. Dates are ISO; null = open. */
export type OnCall = { duty: boolean | undefined; from: Wish<string>; to: Wish<string> }

export type CustomerRow = {
  account: string
  key: string
  name: string | undefined
  phones: CellPhone[] | undefined
  extensions: CellPhone[] | undefined
  /** Category name. */
  category: Wish<string>
  vip: Wish<boolean>
  onCall: OnCall | undefined
  hints: Hints | undefined
}

export type ContactRow = {
  externalId: string | null
  /** How this person is known again within the customer; null when only an id says who it is. */
  key: string | null
  /** The name as the row writes it, and folded; '' when the row has none. */
  name: string
  nameFolded: string
  firstName: Wish<string>
  lastName: Wish<string>
  email: Wish<string>
  phones: CellPhone[] | undefined
  hints: Hints | undefined
}

export type Remark = { line: number; code: string; reason: string }
/** A row that can be stored; `customer` null = a person of no customer, `contact` null = only the customer. */
export type Row = {
  line: number
  customer: CustomerRow | null
  contact: ContactRow | null
  warnings: Remark[]
}
export type Rejection = Remark & { record: CsvRecord }

/** `problemCode`: what a row is refused for that is only a guess; default `bad_quotes`. */
export type RowRules = { plan: ColumnPlan; country: string; clear: boolean; problemCode?: string }

const LONGEST_TEXT = 255
const CUSTOMER_ONLY: Column[] = [
  'customer_name',
  'customer_phone',
  'extensions',
  'category',
  'vip',
  'on_call_duty',
  'on_call_from',
  'on_call_to',
]

/** A reader of cells that reads the cell of a customer's next row only when it differs from the last. */
function remembered(read: (text: string) => PhoneCell): (text: string) => PhoneCell {
  let last: { text: string; cell: PhoneCell } | null = null
  return (text) => {
    if (last?.text !== text) last = { text, cell: read(text) }
    return last.cell
  }
}

/**
 * Reads rows of one file. Answers what a row asks for, or why it is refused; never throws because of a row.
 */
export function openRowReader({
  plan,
  country,
  clear,
  problemCode = 'bad_quotes',
}: RowRules): (record: CsvRecord) => Row | Rejection {
  const { at, width } = plan
  const customerPhones = remembered((text) => readPhoneCell(text, MAIN, country))
  const extensions = remembered((text) => readExtensionCell(text, country))
  const contactPhones = (text: string) => readPhoneCell(text, 'phone', country)
  let cells: string[] = []
  let warnings: Remark[] = []
  let line = 0

  /** '' for an empty cell and for a column the file does not have. */
  const cell = (column: Column): string => {
    const index = at[column]
    return index === undefined ? '' : (cells[index] ?? '').trim()
  }
  const empty = (column: Column): null | undefined => (clear && at[column] !== undefined ? null : undefined)
  const warn = (code: string, reason: string) => warnings.push({ line, code, reason })

  const text = (column: Column, longest = LONGEST_TEXT): Wish<string> => {
    const value = cell(column)
    if (value === '') return empty(column)
    if (value.length > longest)
      throw new Refusal('too_long', `${column} has ${value.length} characters; at most ${longest} are kept.`)
    return value
  }
  const truth = (column: Column): Wish<boolean> => {
    const value = cell(column)
    if (value === '') return empty(column)
    const read = readTruth(value)
    if (read === null)
      throw new Refusal(
        'bad_truth',
        `${column} is "${shown(value)}": write 1 or 0, true or false, yes or no.`,
      )
    return read
  }
  const date = (column: Column): Wish<string> => {
    const value = cell(column)
    if (value === '') return empty(column)
    const read = readDate(value)
    if (read === null)
      throw new Refusal(
        'bad_date',
        `${column} is "${shown(value)}": write a date like 2026-12-31 or 31/12/2026.`,
      )
    return read
  }
  const phones = (column: Column, read: (text: string) => PhoneCell): CellPhone[] | undefined => {
    const value = cell(column)
    if (value === '') return empty(column) === null ? [] : undefined
    if (value.length > LONGEST_LINK)
      throw new Refusal(
        'too_long',
        `${column} has ${value.length} characters; at most ${LONGEST_LINK} are read.`,
      )
    const found = read(value)
    for (const one of found.withheld)
      warn('withheld_number', `${column}: "${shown(one)}" says that there is no number; skipped.`)
    for (const one of found.unreadable) {
      warn(
        'unreadable_number',
        `${column}: "${shown(one)}" is no number of ${country}; kept as it is written, it matches only itself.`,
      )
    }
    // A cell that says "withheld" names no number, and so replaces none.
    return found.phones.length === 0 ? undefined : found.phones
  }
  const hints = openHintReader(at, text)

  const hasOnCall =
    at.on_call_duty !== undefined || at.on_call_from !== undefined || at.on_call_to !== undefined
  const onCall = (): OnCall | undefined => {
    if (!hasOnCall) return undefined
    // An emptied flag ends the duty, as 0 does.
    const duty = truth('on_call_duty') ?? (empty('on_call_duty') === null ? false : undefined)
    const from = date('on_call_from')
    const to = date('on_call_to')
    if (typeof from === 'string' && typeof to === 'string' && to < from) {
      throw new Refusal('bad_period', `on_call_to (${to}) is before on_call_from (${from}).`)
    }
    return duty === undefined && from === undefined && to === undefined ? undefined : { duty, from, to }
  }

  const contactOf = (): ContactRow => {
    const found = {
      externalId: text('contact_id') ?? null,
      key: null as string | null,
      name: '',
      nameFolded: '',
      firstName: text('first_name'),
      lastName: text('last_name'),
      email: text('email'),
      phones: phones('contact_phones', contactPhones),
      hints: hints(),
    }
    const [first] = found.phones ?? []
    found.name =
      found.firstName && found.lastName
        ? `${found.firstName} ${found.lastName}`
        : (found.firstName ?? found.lastName ?? '')
    found.nameFolded = found.name === '' ? '' : fold(found.name)
    if (found.name !== '') found.key = `name ${found.nameFolded}`
    else if (found.email) found.key = `mail ${fold(found.email)}`
    else if (first) found.key = `phone ${phoneKey(first.values)}`
    return found
  }

  const customerOf = (account: string, ownsHints: boolean): CustomerRow => ({
    account,
    key: accountKey(account),
    name: text('customer_name') ?? undefined,
    phones: phones('customer_phone', customerPhones),
    extensions: phones('extensions', extensions),
    category: text('category'),
    vip: truth('vip'),
    onCall: onCall(),
    hints: ownsHints ? hints() : undefined,
  })

  const namesContact = () =>
    cell('contact_id') !== '' ||
    cell('first_name') !== '' ||
    cell('last_name') !== '' ||
    cell('contact_phones') !== '' ||
    cell('email') !== ''

  const read = (): Row => {
    if (cells.length < width || cells.slice(width).some((extra) => extra.trim() !== '')) {
      throw new Refusal('wrong_columns', `The row has ${cells.length} columns, the header ${width}.`)
    }
    for (const value of cells)
      if (value.includes('\0')) throw new Refusal('bad_text', 'The row contains a NUL character.')
    const account = text('customer_account') ?? ''
    const ofContact = namesContact()
    if (account === '') {
      const filled = CUSTOMER_ONLY.find((column) => cell(column) !== '')
      if (filled !== undefined) {
        throw new Refusal(
          'account_missing',
          `${filled} is filled but customer_account is not: without its account a customer could not be found again. Give the account.`,
        )
      }
      if (!ofContact)
        throw new Refusal('empty_row', 'The row names neither a customer (customer_account) nor a contact.')
    }
    const named = ofContact ? contactOf() : null
    const contact = named !== null && (named.key !== null || named.externalId !== null) ? named : null
    if (account === '' && contact === null) {
      throw new Refusal('empty_row', 'The row names a contact by nothing but a number that is withheld.')
    }
    const customer = account === '' ? null : customerOf(account, contact === null)
    return { line, customer, contact, warnings }
  }

  return (record) => {
    cells = record.cells
    line = record.line
    warnings = []
    if (record.problem !== null) return { line, code: problemCode, reason: record.problem, record }
    try {
      return read()
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      return { line, code: error.code, reason: error.message, record }
    }
  }
}
