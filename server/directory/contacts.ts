import { sql } from 'kysely'
import type { Page } from '../../contract/common.ts'
import type { Contact, ContactInput, ContactPatch } from '../../contract/contacts.ts'
import { recordAudit, type Actor } from '../platform/audit.ts'
import { isOneOf } from '../platform/database/engine.ts'
import { toFlag } from '../platform/database/json.ts'
import type { Committed } from '../platform/committed.ts'
import { notFound } from '../platform/errors.ts'
import type { Condition } from '../platform/etag.ts'
import { readPage } from '../platform/listing.ts'
import { toContact, toContacts } from './contact-shape.ts'
import { occursIn, readFilteredList } from './filters.ts'
import { CONTACT_UNIQUES, openContactWrites } from './contact-write.ts'
import { customerAsked, lockContact, survivorOf } from './merged-parties.ts'
import { write, type DirectoryDeps, type DirectoryStore } from './write.ts'

/** What `/api/v1/contacts` does; the actor's tenant is the one written to. */
export type Contacts = {
  list(tenantId: number, query: Record<string, unknown>): Promise<Page<Contact>>
  /** An id that was merged away reaches the survivor, here and in `update`. */
  get(tenantId: number, id: number): Promise<Contact>
  create(actor: Actor, input: ContactInput): Promise<Committed<Contact>>
  update(actor: Actor, id: number, patch: ContactPatch, condition?: Condition): Promise<Committed<Contact>>
  remove(actor: Actor, id: number, condition?: Condition): Promise<Committed<null>>
}

const COLUMNS = { id: 'id', name: 'name_folded', created_at: 'created_at' }
const FILTERS = ['term_match', 'customer_id', 'external_id', 'email', 'phone', 'active']

/** Contacts, as clients of `/api/v1` read and write them. */
export function openContacts(
  store: DirectoryStore,
  { clock, country, ownersOf }: Pick<DirectoryDeps, 'clock' | 'country' | 'ownersOf'>,
): Contacts {
  const reading = { db: store.read, engine: store.engine }
  const own = (tenantId: number) =>
    store.read.selectFrom('contacts').selectAll().where('tenant_id', '=', tenantId)

  const writes = openContactWrites({ clock, country })

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
      if (customer !== null)
        rows = rows.where('customer_id', '=', await customerAsked(store.read, tenantId, customer))
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
      const checked = writes.check(actor.tenantId, input)
      return write(store, CONTACT_UNIQUES, async (tx) => {
        const id = await writes.insert(tx, actor.tenantId, checked)
        const after = await writes.load(tx, actor.tenantId, id)
        await recordAudit(tx, actor, { action: 'create', entity: 'contact', entityId: id, after })
        return after
      })
    },
    async update(actor, asked, patch, condition) {
      const { tenantId } = actor
      const checked = writes.check(tenantId, patch)
      return write(store, CONTACT_UNIQUES, async (tx) => {
        const { id } = await lockContact(tx, tenantId, asked)
        const { before, after } = await writes.update(tx, tenantId, id, checked, condition)
        await recordAudit(tx, actor, { action: 'update', entity: 'contact', entityId: id, before, after })
        return after
      })
    },
    async remove(actor, id, condition) {
      return write(store, {}, async (tx) => {
        const before = await writes.remove(tx, actor.tenantId, id, condition)
        await recordAudit(tx, actor, { action: 'delete', entity: 'contact', entityId: id, before })
        return null
      })
    },
  }
}
