import { sql } from 'kysely'
import { setTimeout } from 'node:timers/promises'
import type { BulkContact, BulkCustomer, BulkLine, BulkStatus } from '../../contract/bulk.ts'
import type { ContactPatch } from '../../contract/contacts.ts'
import type { CustomerInput, CustomerPatch } from '../../contract/customers.ts'
import { recordProgress, type Actor } from '../platform/audit.ts'
import type { Committed } from '../platform/committed.ts'
import { asHubError, isUniqueViolation } from '../platform/database/store-errors.ts'
import { HubError, invalid, notFound } from '../platform/errors.ts'
import type { Log } from '../platform/log.ts'
import { CONTACT_UNIQUES, openContactWrites } from './contact-write.ts'
import { CUSTOMER_UNIQUES, openCustomerWrites } from './customer-write.ts'
import { accountKey } from './fold.ts'
import { asRefusal, type DirectoryDeps, type DirectoryStore, type DirectoryTx } from './write.ts'

/** A line that has its shape, with what is wrong with it should it turn out to be a new customer; or a refused one. */
export type BulkWrite = { line: BulkLine; asNew: HubError | null } | { refused: HubError }

/** What became of a line; `id` is null when there was nothing to delete. */
export type BulkOutcome =
  | { status: Exclude<BulkStatus, 'error'>; id: number | null }
  | { status: 'error'; error: HubError }

/** One request's lines. */
export type BulkRun = {
  /**
   * Writes these lines in one transaction, each by itself: what is wrong with one is its outcome. Once this answers, all
   * of them are durable. Throws HubError `store_unavailable` or `store_full`, and then none is.
   */
  write(lines: BulkWrite[]): Promise<Committed<BulkOutcome[]>>
}

/** What `/api/v1/directory/bulk` does; the actor's tenant is the one written to. */
export type Bulk = { begin(actor: Actor): BulkRun }

type Done = Exclude<BulkOutcome, { status: 'error' }>
type Counts = Record<BulkStatus | 'lines', number>

const ATTEMPTS = 6
const NOTHING: Done = { status: 'unchanged', id: null }

/** Two writers who wait for each other: PostgreSQL ends one of them, and its transaction can be run again. */
const isDeadlock = (error: unknown) => ['40001', '40P01'].includes(String((error as { code?: unknown }).code))

/** Errors that no line is to blame for; the transaction is not usable after them. */
function isOfStore(error: unknown): boolean {
  const known = asHubError(error)
  const code = known instanceof HubError ? known.code : null
  return code === 'store_unavailable' || code === 'store_full' || isDeadlock(error)
}

const given = (text: string | null | undefined) => text?.trim() || null

function isSame(before: { updated_at: string }, after: { updated_at: string }): boolean {
  return JSON.stringify({ ...before, updated_at: '' }) === JSON.stringify({ ...after, updated_at: '' })
}

/**
 * Runs one line by itself: `work` may fail, or answer that nothing was changed, and then leaves no trace. What it
 * tells the feed is noted in `told`.
 */
async function apart(
  tx: DirectoryTx,
  told: Map<string, Set<number>>,
  work: (tx: DirectoryTx) => Promise<Done>,
): Promise<Done> {
  const heard: [string, number[]][] = []
  const changed: DirectoryTx['changed'] = (_tenantId, entity, ids) => void heard.push([entity, [ids].flat()])
  const undo = async () => {
    await sql`rollback to savepoint line`.execute(tx.db)
    await sql`release savepoint line`.execute(tx.db)
  }
  await sql`savepoint line`.execute(tx.db)
  let done: Done
  try {
    done = await work({ ...tx, changed })
  } catch (error) {
    if (!isOfStore(error)) await undo()
    throw error
  }
  if (done.status === 'unchanged') {
    await undo()
    return done
  }
  await sql`release savepoint line`.execute(tx.db)
  for (const [entity, ids] of heard) {
    const known = told.get(entity) ?? new Set()
    for (const id of ids) known.add(id)
    told.set(entity, known)
  }
  return done
}

/** Customers and contacts pushed line by line, by the very rules of `/customers` and `/contacts`. */
export function openBulk(store: DirectoryStore, deps: DirectoryDeps & { log: Log }): Bulk {
  const customers = openCustomerWrites(deps)
  const contacts = openContactWrites(deps)

  const find = async (
    tx: DirectoryTx,
    tenantId: number,
    table: 'customers' | 'contacts',
    [column, value]: ['id' | 'account_key' | 'external_id', number | string],
  ): Promise<number | null> => {
    const rows = tx.db.selectFrom<'customers' | 'contacts'>(table).select('id')
    const found = rows.where('tenant_id', '=', tenantId).where(sql.ref(column), '=', value)
    return (await found.executeTakeFirst())?.id ?? null
  }

  const findCustomer = async (tx: DirectoryTx, tenantId: number, line: CustomerPatch) => {
    const account = given(line.customer_account)
    const external = given(line.external_id)
    if (account === null && external === null)
      throw invalid({
        customer_account: ['A customer is found by customer_account or external_id: give one.'],
      })
    const byAccount =
      account === null ? null : await find(tx, tenantId, 'customers', ['account_key', accountKey(account)])
    if (byAccount !== null || external === null) return byAccount
    return find(tx, tenantId, 'customers', ['external_id', external])
  }

  const findContact = async (
    tx: DirectoryTx,
    tenantId: number,
    line: { id?: number; external_id?: string | null },
  ) => {
    const external = given(line.external_id)
    if (line.id !== undefined) return find(tx, tenantId, 'contacts', ['id', line.id])
    if (external === null)
      throw invalid({ external_id: ['A contact is found by id or external_id: give one.'] })
    return find(tx, tenantId, 'contacts', ['external_id', external])
  }

  /** The contact's fields, its customer named by id. */
  const contactFields = async (
    tx: DirectoryTx,
    tenantId: number,
    line: BulkContact,
  ): Promise<ContactPatch> => {
    const { op: _op, type: _type, id: _id, customer_account: account, ...fields } = line
    if (account === undefined) return fields
    if (fields.customer_id !== undefined)
      throw invalid({ customer_account: ['The customer is named by customer_id already.'] })
    const key = given(account)
    if (key === null) return { ...fields, customer_id: null }
    const customer_id = await find(tx, tenantId, 'customers', ['account_key', accountKey(key)])
    if (customer_id === null) throw invalid({ customer_account: ['There is no customer with this account.'] })
    return { ...fields, customer_id }
  }

  const upsertCustomer = async (
    tx: DirectoryTx,
    tenantId: number,
    line: BulkCustomer,
    asNew: HubError | null,
  ): Promise<Done> => {
    const { op: _op, type: _type, ...fields } = line
    const id = await findCustomer(tx, tenantId, fields)
    if (id === null) {
      if (asNew) throw asNew
      const written = customers.check(tenantId, fields as CustomerInput)
      return { status: 'created', id: (await customers.insert(tx, tenantId, written)).id }
    }
    const { before, after } = await customers.update(tx, tenantId, id, customers.check(tenantId, fields))
    return { status: isSame(before, after) ? 'unchanged' : 'updated', id }
  }

  const upsertContact = async (tx: DirectoryTx, tenantId: number, line: BulkContact): Promise<Done> => {
    const id = await findContact(tx, tenantId, line)
    if (id === null && line.id !== undefined) throw notFound('Contact')
    const written = contacts.check(tenantId, await contactFields(tx, tenantId, line))
    if (id === null) return { status: 'created', id: (await contacts.insert(tx, tenantId, written)).id }
    const { before, after } = await contacts.update(tx, tenantId, id, written)
    return { status: isSame(before, after) ? 'unchanged' : 'updated', id }
  }

  const remove = async (
    tx: DirectoryTx,
    tenantId: number,
    line: Extract<BulkLine, { op: 'delete' }>,
  ): Promise<Done> => {
    const ofCustomer = line.type === 'customer'
    const id = await (ofCustomer ? findCustomer(tx, tenantId, line) : findContact(tx, tenantId, line))
    if (id === null) return NOTHING
    await (ofCustomer ? customers : contacts).remove(tx, tenantId, id)
    return { status: 'deleted', id }
  }

  const act = (tx: DirectoryTx, tenantId: number, line: BulkLine, asNew: HubError | null): Promise<Done> => {
    if (line.op === 'delete') return remove(tx, tenantId, line)
    return line.type === 'customer'
      ? upsertCustomer(tx, tenantId, line, asNew)
      : upsertContact(tx, tenantId, line)
  }

  const outcomeOf = async (
    tx: DirectoryTx,
    actor: Actor,
    told: Map<string, Set<number>>,
    write: BulkWrite,
  ): Promise<BulkOutcome> => {
    if ('refused' in write) return { status: 'error', error: write.refused }
    const { line, asNew } = write
    const once = () => apart(tx, told, (mine) => act(mine, actor.tenantId, line, asNew))
    try {
      // Somebody else may have made the same in this moment: then it is there to be changed.
      return await once().catch((error) => {
        if (isUniqueViolation(error)) return once()
        throw error
      })
    } catch (error) {
      if (isOfStore(error)) throw error
      const refusal = asRefusal(error, line.type === 'customer' ? CUSTOMER_UNIQUES : CONTACT_UNIQUES)
      const known = asHubError(refusal)
      if (known instanceof HubError) return { status: 'error', error: known }
      deps.log.error('a line of a bulk failed', { error, request_id: actor.requestId })
      return { status: 'error', error: new HubError('internal', 'Something went wrong on our side.') }
    }
  }

  return {
    begin(actor) {
      let counts: Counts = { lines: 0, created: 0, updated: 0, unchanged: 0, deleted: 0, error: 0 }
      let auditId: number | null = null

      const once = async (lines: BulkWrite[]) => {
        const next = { ...counts, lines: counts.lines + lines.length }
        const committed = await store.transact(async (tx) => {
          const told = new Map<string, Set<number>>()
          const outcomes: BulkOutcome[] = []
          for (const line of lines) {
            const outcome = await outcomeOf(tx, actor, told, line)
            next[outcome.status]++
            outcomes.push(outcome)
          }
          const audit = await recordProgress(
            tx,
            actor,
            { action: 'import', entity: 'bulk', entityId: null, after: next },
            auditId,
          )
          for (const [entity, ids] of told) tx.changed(actor.tenantId, entity, [...ids])
          return { outcomes, audit }
        })
        counts = next
        auditId = committed.value.audit
        return { value: committed.value.outcomes, position: committed.position }
      }

      return {
        async write(lines) {
          for (let n = 1; ; n++) {
            try {
              return await once(lines)
            } catch (error) {
              if (n === ATTEMPTS || !isDeadlock(error)) throw error
              await setTimeout(Math.random() * 50 * 2 ** n)
            }
          }
        },
      }
    },
  }
}
