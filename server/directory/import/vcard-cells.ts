import { fold } from '../fold.ts'
import type { Column } from './columns.ts'
import { partsOf, textOf, type CardProperty } from './vcard-property.ts'

/** The columns a card fills, as if it stood in a CSV file. */
export const CARD_COLUMNS = [
  'contact_id',
  'customer_account',
  'customer_name',
  'customer_phone',
  'category',
  'first_name',
  'last_name',
  'contact_phones',
  'email',
] as const satisfies readonly Column[]

/** Properties that are read; the lines of all others are not even kept. */
export const READ_PROPERTIES = new Set([
  'FN',
  'N',
  'ORG',
  'TEL',
  'EMAIL',
  'UID',
  'CATEGORIES',
  'KIND',
  'X-ABSHOWAS',
  'X-CUSTOMER-ACCOUNT',
])

/** Type of a number → the kind it is stored with; the first that a number has counts. */
const KINDS: readonly [string, string][] = [
  ['FAX', 'fax'],
  ['CELL', 'mobile'],
  ['MOBILE', 'mobile'],
  ['IPHONE', 'mobile'],
  ['MAIN', 'main'],
  ['WORK', 'work'],
  ['HOME', 'home'],
  ['OTHER', 'other'],
]

/** `tel:+33-1-99;ext=45` and pauses before an extension, as people write them. */
function plainNumber(value: string): string {
  const text = textOf(value)
  const uri = /^tel:([^;]*)(.*)$/i.exec(text)
  const extension = uri ? /;ext=([\d-]+)/i.exec(uri[2] ?? '')?.[1] : undefined
  const number = uri ? (uri[1] ?? '') : text.replace(/[,;]+(\d{1,6})#?$/, ' x$1')
  // What is left of the signs that part numbers in a cell would make several of one.
  return (extension === undefined ? number : `${number} x${extension}`).replace(/[,;|\n]+/g, ' ').trim()
}

function phonesOf(properties: CardProperty[]): string {
  const numbers = properties
    .filter(({ name }) => name === 'TEL')
    .map(({ types, value }) => ({ number: plainNumber(value), types }))
    .filter(({ number }) => number !== '')
  return numbers
    .map(({ number, types }) => {
      const kind = KINDS.find(([type]) => types.includes(type))?.[1]
      return kind === undefined ? number : `${kind}: ${number}`
    })
    .join('; ')
}

/**
 * A card as a row of a book. The account is `X-CUSTOMER-ACCOUNT`, else the name of the organisation: a card has nothing better by
 * which a company could be found again.
 */
export function cellsOfCard(properties: CardProperty[]): string[] {
  const first = (name: string) => properties.find((one) => one.name === name)?.value ?? ''
  const preferred = (name: string) =>
    properties.find((one) => one.name === name && one.types.includes('PREF'))?.value ?? first(name)
  const organisation = partsOf(first('ORG'), ';')[0] ?? ''
  const [family = '', given = ''] = partsOf(first('N'), ';')
  const fullName = textOf(first('FN'))
  const nameless = family === '' && given === ''
  const isCompany =
    organisation !== '' &&
    (/^org/i.test(first('KIND')) ||
      /company/i.test(first('X-ABSHOWAS')) ||
      (nameless && (fullName === '' || fold(fullName) === fold(organisation))))
  const account = textOf(first('X-CUSTOMER-ACCOUNT'))
  const category = partsOf(first('CATEGORIES'), ',').find(
    (name) => name !== '' && !/^\*? ?myContacts$/i.test(name),
  )
  const cells: Record<(typeof CARD_COLUMNS)[number], string> = {
    contact_id: isCompany ? '' : textOf(first('UID')).replace(/^urn:uuid:/i, ''),
    customer_account: account || organisation,
    // A new customer is named after its account; one that has a name keeps it.
    customer_name: account === '' ? '' : organisation,
    customer_phone: isCompany ? phonesOf(properties) : '',
    category: account || organisation ? (category ?? '') : '',
    first_name: isCompany ? '' : given,
    last_name: isCompany ? '' : nameless ? fullName : family,
    contact_phones: isCompany ? '' : phonesOf(properties),
    email: isCompany ? '' : textOf(preferred('EMAIL')).replace(/^mailto:/i, ''),
  }
  return CARD_COLUMNS.map((column) => cells[column])
}
