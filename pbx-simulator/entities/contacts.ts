import { readLiteral } from '../odata/literal.ts'
import { refuseField } from '../odata/refusal.ts'
import type { Row, SetDefinition, SingletonDefinition } from '../model/pbx.ts'
import { insertRow, removeRow } from '../model/set-routes.ts'
import { shape } from '../model/shape.ts'
import { textOf } from '../model/text.ts'

const NUMBERS = 'Business Business2 BusinessFax Home Mobile2 Other Pager PhoneNumber'

const CONTACT = shape('Contact', {
  i32: 'Id',
  s: `${NUMBERS} CompanyName Department Email FirstName LastName Tag Title`,
  ContactSource: 'ContactType',
})

const isFilled = (value: unknown): boolean => typeof value === 'string' && value.trim() !== ''

/** The last digits of a number, by which different spellings meet. */
const tail = (number: unknown): string => textOf(number).replaceAll(/\D/g, '').slice(-9)

export const CONTACTS: SetDefinition = {
  name: 'Contacts',
  shape: CONTACT,
  about: 'The phone book of the company.',
  key: 'Id',
  can: ['list', 'create', 'read', 'update', 'delete'],
  defaults: () => ({ ContactType: '3CX' }),
  check: (_pbx, row) => {
    if (![row.FirstName, row.LastName, row.CompanyName].some(isFilled))
      throw refuseField('FirstName', 'CONTACTS_SPECIFY_NAME')
    if (!NUMBERS.split(' ').some((field) => isFilled(row[field])))
      throw refuseField('PhoneNumber', 'CONTACTS_SPECIFY_PHONE')
  },
  operations: [
    {
      on: 'Contacts',
      name: 'Pbx.GetContactsByNumber',
      kind: 'function',
      params: [['number', 's']],
      answers: '[Contact]',
      about: 'Contacts with a number, whatever its spelling.',
      run: ({ pbx, values }) => {
        const wanted = tail(readLiteral(values.get('number') ?? ''))
        const rows = pbx.store
          .rows('Contacts')
          .filter((row) => wanted !== '' && NUMBERS.split(' ').some((field) => tail(row[field]) === wanted))
        return { kind: 'list', rows, shape: CONTACT, context: 'Contacts' }
      },
    },
    {
      on: 'Contacts',
      name: 'Pbx.CreateContactByNumber',
      kind: 'action',
      params: [
        ['contact', 'Contact'],
        ['number', 's'],
      ],
      answers: 'Contact',
      about: 'Adds a contact under a number.',
      run: (request) => {
        const { contact, number } = request.body
        const row = insertRow(request, CONTACTS, { PhoneNumber: number, ...(contact as Row | undefined) })
        return { kind: 'one', row, shape: CONTACT, context: 'Contacts/$entity' }
      },
    },
    {
      on: 'Contacts',
      name: 'Pbx.DeleteContactsById',
      kind: 'action',
      params: [['ids', '[i32]']],
      answers: null,
      about: 'Removes several contacts.',
      run: (request) => {
        for (const id of Array.isArray(request.body.ids) ? request.body.ids : []) {
          const row = request.pbx.store.get('Contacts', id)
          if (row) removeRow(request, CONTACTS, row)
        }
        return { kind: 'nothing' }
      },
    },
    {
      on: 'Contacts',
      name: 'Pbx.DeleteContactsByType',
      kind: 'action',
      params: [
        ['contactSource', 'ContactSource'],
        ['number', 's'],
      ],
      answers: null,
      about: 'Removes all contacts of a source.',
      run: (request) => {
        for (const row of request.pbx.store.rows('Contacts'))
          if (row.ContactType === request.body.contactSource) removeRow(request, CONTACTS, row)
        return { kind: 'nothing' }
      },
    },
  ],
}

export const PHONE_BOOK_SETTINGS: SingletonDefinition = {
  name: 'PhoneBookSettings',
  shape: shape('PhoneBookSettings', {
    i32: 'ResolvingLength',
    s: 'PhoneBookAddQueueName PhoneBookDisplay ResolvingType',
  }),
  about: 'How callers are found in the phone book.',
  can: ['read', 'update'],
  initial: () => ({
    ResolvingType: 'MatchLength',
    ResolvingLength: 9,
    PhoneBookDisplay: 'FirstNameLastName',
    PhoneBookAddQueueName: 'NotAdd',
  }),
}
