import type { Contact } from '../../../../contract/contacts.ts'
import type { Contacts, Customers } from '../../../directory/directory.ts'
import type { Actor } from '../../../platform/audit.ts'
import { HubError } from '../../../platform/errors.ts'
import { storable } from '../../../platform/storable.ts'
import type { Settle } from '../../app.ts'
import type { Parameters } from '../../parameters.ts'
import { contactOf, type ContactDeps, type CrmContact } from './contact.ts'
import { asked, said } from './words.ts'

export type DirectoryDeps = ContactDeps & { contacts: Contacts; customers: Customers; settle: Settle }

/** What is asked of the store: people by e-mail or by words, and new ones. */
export type CrmDirectory = {
  byEmail(tenantId: number, parameters: Parameters): Promise<CrmContact[]>
  /** By id, from memory. */
  byId(tenantId: number, parameters: Parameters): CrmContact[]
  search(tenantId: number, parameters: Parameters): Promise<CrmContact[]>
  /** An account says whose it is; anything else is searched for. */
  byQuery(tenantId: number, parameters: Parameters): Promise<CrmContact[]>
  /** Answers the person there is when number and name are known already. 422 where there is nothing to make one of. */
  create(actor: Actor, parameters: Parameters): Promise<CrmContact[]>
}

/** A PBX shows some rows; a search finds as many people and as many companies. */
const MOST = 20
const LONGEST = 255

const missing = (name: string) =>
  new HubError('parameter_missing', `Say what the question is about: ${name}=…`)
const short = (text: string | null) =>
  text === null ? null : storable(text).slice(0, LONGEST).toWellFormed()

export function openCrmDirectory({
  lookup,
  contacts,
  customers,
  settle,
  publicUrl,
}: DirectoryDeps): CrmDirectory {
  const describe = (tenantId: number, id: number, phone?: string): CrmContact[] => {
    const identified = lookup.byId(tenantId, id)
    const found = contactOf(identified, phone ?? lookup.details(tenantId, identified).phone ?? '', publicUrl)
    return found ? [found] : []
  }
  /** What memory knows of a person, and what only the store does. */
  const person = (tenantId: number, row: Contact, phone?: string): CrmContact[] =>
    describe(tenantId, row.id, phone).map((one) => ({
      ...one,
      first_name: row.first_name ?? '',
      last_name: row.last_name ?? (row.first_name === null ? one.last_name : ''),
      email: row.email ?? '',
    }))
  const people = async (tenantId: number, filters: Record<string, string>) => {
    const query = { 'filter[active]': '1', per_page: String(MOST), ...filters }
    const { data } = await contacts.list(tenantId, query)
    return data.flatMap((row) => person(tenantId, row))
  }
  const companies = async (tenantId: number, filters: Record<string, string>) => {
    const query = { 'filter[active]': '1', per_page: String(MOST), ...filters }
    const { data } = await customers.list(tenantId, query)
    return data.flatMap(({ id }) => describe(tenantId, id))
  }
  const find = async (tenantId: number, text: string) => {
    const words = short(text) ?? ''
    if (!/[\p{L}\p{N}]/u.test(words)) return []
    const isNumber = ['external', 'national'].includes(lookup.read(tenantId, words).kind)
    const filters = { [isNumber ? 'filter[phone]' : 'filter[term_match]']: words }
    return [...(await people(tenantId, filters)), ...(await companies(tenantId, filters))]
  }

  return {
    async byEmail(tenantId, parameters) {
      const email = asked(parameters, 'email')
      if (email === null) throw missing('email')
      const text = short(email) ?? ''
      return text === '' ? [] : await people(tenantId, { 'filter[email]': text })
    },
    byId(tenantId, parameters) {
      const id = asked(parameters, 'id', 'entityid', 'contactid', 'searchtext', 'number')
      if (id === null) throw missing('id')
      return /^[1-9]\d{0,14}$/.test(id) ? describe(tenantId, Number(id)) : []
    },
    async search(tenantId, parameters) {
      const text = asked(parameters, 'text')
      if (text === null) throw missing('text')
      return await find(tenantId, text)
    },
    async byQuery(tenantId, parameters) {
      const text = asked(parameters, 'text', 'searchtext', 'query', 'freequery')
      if (text === null) throw missing('text')
      const { customer, ambiguous } = lookup.byAccount(tenantId, text)
      if (customer !== null && !ambiguous) return describe(tenantId, customer.id)
      return await find(tenantId, text)
    },
    async create(actor, parameters) {
      const { tenantId } = actor
      const number = short(said(parameters, 'number'))
      const email = short(said(parameters, 'email'))
      const first_name = short(said(parameters, 'firstname', 'first_name'))
      const last_name = short(said(parameters, 'lastname', 'last_name', 'name'))
      const company = short(said(parameters, 'company', 'companyname', 'company_name'))
      if (number !== null) {
        const known = lookup.byNumber(tenantId, number)
        const name = [first_name, last_name].filter(Boolean).join(' ')
        const isSame = name === '' || known.contact?.name.toLowerCase() === name.toLowerCase()
        const found = known.confidence >= 0.9 && isSame ? contactOf(known, number, publicUrl) : null
        if (found) return [found]
      }
      const row = await settle(
        await contacts.create(actor, {
          first_name,
          last_name: last_name ?? (first_name === null ? number : null),
          email,
          ...(company === null ? {} : { comment: company }),
          phones: number === null ? [] : [number],
        }),
      )
      return person(tenantId, row, number ?? undefined)
    },
  }
}
