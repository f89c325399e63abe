import { sql } from 'kysely'
import { isTrue, type Page } from '../../contract/common.ts'
import type { Contact, ContactInput, ContactPatch } from '../../contract/contacts.ts'
import { recordAudit, type Actor } from '../platform/audit.ts'
import { isOneOf, takePartyIds } from '../platform/database/engine.ts'
import { toFlag } from '../platform/database/json.ts'
import type { Committed } from '../platform/committed.ts'
import { invalid, notFound } from '../platform/errors.ts'
import { readPage } from '../platform/listing.ts'
import { toContact, toContacts } from './contact-shape.ts'
import { openFieldCheck } from './field-check.ts'
import { occursIn, readFilteredList } from './filters.ts'
import { fold } from './fold.ts'
import { hintColumns } from './hints.ts'
import { lockContact, survivorOf } from './merged-parties.ts'
import { checkPhone, replacePhones } from './party-phones.ts'
import { contactName } from './records.ts'
import {
  checkCustomer,
  lockRow,
  write,
  type DirectoryDeps,
  type DirectoryStore,
  type DirectoryTx,
} from './write.ts'

/** What `/api/v1/contacts` does; the actor's tenant is the one written to. */
export type Contacts = {
  list(tenantId: number, query: Record<string, unknown>): Promise<Page<Contact>>
  /** An id that was merged away reaches the survivor, here and in `update`. */
  get(tenantId: number, id: number): Promise<Contact>
  create(actor: Actor, input: ContactInput): Promise<Committed<Contact>>
  update(actor: Actor, id: number, patch: ContactPatch): Promise<Committed<Contact>>
  remove(actor: Actor, id: number): Promise<Committed<null>>
}

/** The kind of a number that comes without one. */
const BUSINESS = 'business'
const UNIQUES = { external_id: { field: 'external_id', message: 'Another contact has this external id.' } }
const COLUMNS = { id: 'id', name: 'name_folded', created_at: 'created_at' }
const FILTERS = ['term_match', 'customer_id', 'external_id', 'email', 'phone', 'active']

/** Columns and numbers of a write; what it does not name stays undefined. */
function read(input: ContactPatch, country: string | null) {
  const check = openFieldCheck()
  const columns = {
    customer_id: input.customer_id,
    external_id: check.text('external_id', input.external_id),
    first_name: check.text('first_name', input.first_name),
    last_name: check.text('last_name', input.last_name),
    email: check.text('email', input.email),
    role: check.text('role', input.role),
    ...hintColumns(check, input),
    active: input.active === undefined ? undefined : toFlag(isTrue(input.active)),
    comment: check.text('comment', input.comment),
  }
  const given = input.phones === undefined ? undefined : (input.phones ?? [])
  const phones = given?.flatMap((phone, position) => {
    const { raw, kind = null, label = null } = typeof phone === 'string' ? { raw: phone } : phone
    const text = check.text('phones', label) ?? null
    return checkPhone(check, 'phones', { raw, kind: kind ?? BUSINESS, label: text, position }, country) ?? []
  })
  check.done()
  return { columns, phones }
}

/** Nobody could say who a contact is that has none of these. */
function checkNamed({
  first_name,
  last_name,
  email,
  phones,
}: Pick<Contact, 'first_name' | 'last_name' | 'email' | 'phones'>) {
  if (first_name !== null || last_name !== null || email !== null || phones.length > 0) return
  throw invalid({ last_name: ['A contact needs a first name, a last name, an e-mail or a phone.'] })
}

/** Contacts, as clients of `/api/v1` read and write them. */
export function openContacts(
  store: DirectoryStore,
  { clock, country, ownersOf }: Pick<DirectoryDeps, 'clock' | 'country' | 'ownersOf'>,
): Contacts {
  const reading = { db: store.read, engine: store.engine }
  const own = (tenantId: number) =>
    store.read.selectFrom('contacts').selectAll().where('tenant_id', '=', tenantId)

  const load = async (tx: DirectoryTx, tenantId: number, id: number): Promise<Contact> => {
    const row = await lockRow(tx, 'contacts', tenantId, id)
    if (!row) throw notFound('Contact')
    return toContact(tx, row)
  }

  return {
    async list(tenantId, query) {
      const { request, filters } = readFilteredList(query, { sort: Object.keys(COLUMNS), filters: FILTERS })
      const customer = filters.id('customer_id')
      const external = filters.text('external_id')
      const email = filters.text('email')
      const phone = filters.text('phone')
      const active = filters.flag('active')
      let rows = own(tenantId)
      for (const word of filters.words('term_match'))
        rows = rows.where(occursIn(word, { folded: ['name_folded'], typed: ['email'] }))
      if (customer !== null) rows = rows.where('customer_id', '=', customer)
      if (external !== null) rows = rows.where('external_id', '=', external)
      if (email !== null) rows = rows.where(sql<string>`lower(email)`, '=', email.trim().toLowerCase())
      if (phone !== null) rows = rows.where(isOneOf(store.engine, 'id', ownersOf(tenantId, phone), 'bigint'))
      if (active !== null) rows = rows.where('active', '=', toFlag(active))
      return readPage(rows, request, COLUMNS, (found) => toContacts(reading, tenantId, found))
    },
    async get(tenantId, id) {
      const find = (one: number) => own(tenantId).where('id', '=', one).executeTakeFirst()
      const row =
        (await find(id)) ?? (await find((await survivorOf(store.read, 'contact', tenantId, id)) ?? 0))
      if (!row) throw notFound('Contact')
      return toContact(reading, row)
    },
    async create(actor, input) {
      const { tenantId } = actor
      const { columns, phones = [] } = read(input, country(tenantId))
      const { first_name = null, last_name = null, email = null, active = 1 } = columns
      return write(store, UNIQUES, async (tx) => {
        if (typeof columns.customer_id === 'number') await checkCustomer(tx, tenantId, columns.customer_id)
        const now = clock.now()
        const [id] = await takePartyIds(tx.engine, tx.db as never, 1)
        if (id === undefined) throw new Error('no party id was given')
        const name_folded = fold(contactName({ first_name, last_name, email }))
        await tx.db
          .insertInto('contacts')
          .values({
            ...columns,
            id,
            tenant_id: tenantId,
            name_folded,
            active,
            created_at: now,
            updated_at: now,
          })
          .execute()
        await replacePhones(tx, { tenantId, owner: 'contact_id', id }, phones)
        const after = await load(tx, tenantId, id)
        checkNamed(after)
        await recordAudit(tx, actor, { action: 'create', entity: 'contact', entityId: id, after })
        tx.changed(tenantId, 'contact', id)
        return after
      })
    },
    async update(actor, asked, patch) {
      const { tenantId } = actor
      const { columns, phones } = read(patch, country(tenantId))
      return write(store, UNIQUES, async (tx) => {
        if (typeof columns.customer_id === 'number') await checkCustomer(tx, tenantId, columns.customer_id)
        const { id } = await lockContact(tx, tenantId, asked)
        const before = await load(tx, tenantId, id)
        const { first_name = before.first_name, last_name = before.last_name, email = before.email } = columns
        const name_folded = fold(contactName({ first_name, last_name, email }))
        await tx.db
          .updateTable('contacts')
          .set({ ...columns, name_folded, updated_at: clock.now() })
          .where('tenant_id', '=', tenantId)
          .where('id', '=', id)
          .execute()
        if (phones !== undefined) await replacePhones(tx, { tenantId, owner: 'contact_id', id }, phones)
        const after = await load(tx, tenantId, id)
        checkNamed(after)
        await recordAudit(tx, actor, { action: 'update', entity: 'contact', entityId: id, before, after })
        tx.changed(tenantId, 'contact', id)
        return after
      })
    },
    async remove(actor, id) {
      const { tenantId } = actor
      return write(store, {}, async (tx) => {
        const before = await load(tx, tenantId, id)
        await tx.db.deleteFrom('contacts').where('tenant_id', '=', tenantId).where('id', '=', id).execute()
        await recordAudit(tx, actor, { action: 'delete', entity: 'contact', entityId: id, before })
        tx.changed(tenantId, 'contact', id)
        return null
      })
    },
  }
}
