import { setTimeout } from 'node:timers/promises'
import type { BulkContact, BulkCustomer, BulkLine, BulkStatus } from '../../contract/bulk.ts'
import type { CustomerInput } from '../../contract/customers.ts'
import { recordProgress, type Actor } from '../platform/audit.ts'
import type { Committed } from '../platform/committed.ts'
import { asHubError, isUniqueViolation } from '../platform/database/store-errors.ts'
import { HubError, notFound } from '../platform/errors.ts'
import type { Log } from '../platform/log.ts'
import { asRefusal } from '../platform/refusal.ts'
import { apart, isDeadlock, isOfStore, tell, together, type Done, type Told } from './bulk-apart.ts'
import { openBulkGroup, type BulkGroup } from './bulk-group.ts'
import { openBulkKeys, type BulkKeys } from './bulk-keys.ts'
import { dateOf } from './calendar-day.ts'
import { CONTACT_UNIQUES, openContactWrites } from './contact-write.ts'
import { CUSTOMER_UNIQUES, openCustomerWrites } from './customer-write.ts'
import { lockRow, type DirectoryDeps, type DirectoryStore, type DirectoryTx } from './write.ts'

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

type Counts = Record<BulkStatus | 'lines', number>

const ATTEMPTS = 6
const NOTHING: Done = { status: 'unchanged', id: null }

type Named = { external_id: string | null; customer_account: string | null }
type BulkUpsert = BulkCustomer | BulkContact
type Upsert = { line: BulkUpsert; asNew: HubError | null }
/** The lines of one transaction. `told`: which rows the feed will hear of, by entity. */
type Batch = { tx: DirectoryTx; tenantId: number; keys: BulkKeys; told: Told; group: BulkGroup }

const STALE = new Error('the row is no longer found by the keys of the line')
const MOVED = 'It was changed meanwhile by somebody else; nothing was written. Send the line again.'

function isSame(before: { updated_at: string }, after: { updated_at: string }): boolean {
  return JSON.stringify({ ...before, updated_at: '' }) === JSON.stringify({ ...after, updated_at: '' })
}

/** Whether a row is found by other keys than before. */
function isRenamed(before: Named, after: Named): boolean {
  return before.external_id !== after.external_id || before.customer_account !== after.customer_account
}

/** What will become of a line that can be written together with others; null = it is to be written by itself. */
async function plan(group: BulkGroup, write: BulkWrite): Promise<BulkOutcome | null> {
  if ('refused' in write) return { status: 'error', error: write.refused }
  try {
    return await group.take(write.line, write.asNew)
  } catch (error) {
    if (error instanceof HubError) return { status: 'error', error }
    throw error
  }
}

/** Customers and contacts pushed line by line, by the very rules of `/customers` and `/contacts`. */
export function openBulk(store: DirectoryStore, deps: DirectoryDeps & { log: Log }): Bulk {
  const { log } = deps
  const customers = openCustomerWrites(deps)
  const contacts = openContactWrites(deps)

  const create = async (
    tx: DirectoryTx,
    tenantId: number,
    { line, asNew }: Upsert,
    keys: BulkKeys,
  ): Promise<number> => {
    if (line.type === 'contact') {
      if (line.id !== undefined) throw notFound('Contact')
      return contacts.insert(tx, tenantId, contacts.check(tenantId, await keys.contactFields(line)))
    }
    if (asNew) throw asNew
    const { op: _op, type: _type, ...fields } = line
    return customers.insert(tx, tenantId, customers.check(tenantId, fields as CustomerInput))
  }

  /** How to change a row by a line: what is there, and the update itself. */
  const change = async (tx: DirectoryTx, tenantId: number, line: BulkUpsert, id: number, keys: BulkKeys) => {
    if (line.type === 'contact') {
      const written = contacts.check(tenantId, await keys.contactFields(line))
      const compared = await contacts.compare(tx, tenantId, id, written)
      return { compared, update: (mine: DirectoryTx) => contacts.update(mine, tenantId, id, written) }
    }
    const { op: _op, type: _type, ...fields } = line
    const written = customers.check(tenantId, fields)
    const compared = await customers.compare(tx, tenantId, id, written)
    return { compared, update: (mine: DirectoryTx) => customers.update(mine, tenantId, id, written) }
  }

  /** One line; throws STALE when somebody else has meanwhile moved what it was looked up by. */
  const act = async (
    batch: Batch,
    { line, asNew }: Exclude<BulkWrite, { refused: HubError }>,
  ): Promise<Done> => {
    const { tx, tenantId, keys, told } = batch
    const { id, isStill } = await keys.target(line)
    if (line.op === 'delete') {
      if (id === null) return NOTHING
      const row = await lockRow(tx, line.type === 'customer' ? 'customers' : 'contacts', tenantId, id)
      if (!row && line.type === 'contact' && line.id !== undefined) return NOTHING
      if (!row || !isStill(row)) throw STALE
      const { remove } = line.type === 'customer' ? customers : contacts
      await apart(tx, told, async (mine) => {
        await remove(mine, tenantId, id)
        return { status: 'deleted', id }
      })
      // A customer takes its contacts along.
      keys.forget()
      return { status: 'deleted', id }
    }
    if (id === null) {
      const done = await apart(tx, told, async (mine) => ({
        status: 'created',
        id: await create(mine, tenantId, { line, asNew }, keys),
      }))
      if (done.id !== null) keys.learn(line, done.id)
      return done
    }
    const { compared, update } = await change(tx, tenantId, line, id, keys)
    if (!compared && line.type === 'contact' && line.id !== undefined) throw notFound('Contact')
    if (!compared || !isStill(compared.row)) throw STALE
    if (!compared.isChange) return { status: 'unchanged', id }
    return apart(tx, told, async (mine) => {
      const { before, after } = await update(mine)
      if (isSame(before, after)) return { status: 'unchanged', id }
      if (isRenamed(before, after)) keys.forget()
      return { status: 'updated', id }
    })
  }

  const outcomeOf = async (
    batch: Batch,
    write: BulkWrite,
    requestId: string | null,
  ): Promise<BulkOutcome> => {
    if ('refused' in write) return { status: 'error', error: write.refused }
    try {
      return await act(batch, write).catch((error) => {
        // Somebody else may have made, moved or taken away the same in this moment: then it is looked up again.
        if (error !== STALE && !isUniqueViolation(error)) throw error
        batch.keys.forget()
        return act(batch, write)
      })
    } catch (error) {
      if (isOfStore(error)) throw error
      if (error === STALE) return { status: 'error', error: new HubError('conflict', MOVED) }
      const refusal = asRefusal(error, write.line.type === 'customer' ? CUSTOMER_UNIQUES : CONTACT_UNIQUES)
      const known = asHubError(refusal)
      if (known instanceof HubError) return { status: 'error', error: known }
      log.error('a line of a bulk failed', { error, request_id: requestId })
      return { status: 'error', error: new HubError('internal', 'Something went wrong on our side.') }
    }
  }

  /** Writes the lines taken in together; false when that failed, and then nothing of them is there. */
  const writeGroup = async ({ tx, group, keys, told }: Batch): Promise<boolean> => {
    const written = await together(tx, () => group.write())
    // Whose line it was is seen when each is written by itself.
    if (written === null) keys.forget()
    else for (const [entity, ids] of Object.entries(written)) tell(told, entity, ids)
    return written !== null
  }

  /** Lines that need no look of their own are written together, each other one by itself; the answers in their order. */
  const outcomesOf = async (
    batch: Batch,
    lines: BulkWrite[],
    requestId: string | null,
  ): Promise<BulkOutcome[]> => {
    const outcomes: BulkOutcome[] = []
    let taken: number[] = []
    const settle = async () => {
      const mine = taken
      taken = []
      if (mine.length === 0 || (await writeGroup(batch))) return
      for (const at of mine) outcomes[at] = await outcomeOf(batch, lines[at]!, requestId)
    }
    for (const [at, write] of lines.entries()) {
      const planned = await plan(batch.group, write)
      if (planned === null) {
        await settle()
        outcomes[at] = await outcomeOf(batch, write, requestId)
        continue
      }
      outcomes[at] = planned
      if (planned.status !== 'error' && planned.status !== 'unchanged') taken.push(at)
    }
    await settle()
    return outcomes
  }

  return {
    begin(actor) {
      let counts: Counts = { lines: 0, created: 0, updated: 0, unchanged: 0, deleted: 0, error: 0 }
      let auditId: number | null = null

      const once = async (lines: BulkWrite[]) => {
        const next = { ...counts, lines: counts.lines + lines.length }
        const committed = await store.transact(async (tx) => {
          const told: Told = new Map()
          const { tenantId, requestId } = actor
          const readable = lines.flatMap((write) => ('line' in write ? [write.line] : []))
          const keys = await openBulkKeys(tx, tenantId, readable)
          const rules = { now: deps.clock.now(), today: dateOf(deps.today(tenantId)) }
          const group = await openBulkGroup(tx, readable, { ...rules, tenantId, keys, customers, contacts })
          const outcomes = await outcomesOf({ tx, tenantId, told, keys, group }, lines, requestId)
          for (const outcome of outcomes) next[outcome.status]++
          const audit = await recordProgress(
            tx,
            actor,
            { action: 'import', entity: 'bulk', entityId: null, after: next },
            auditId,
          )
          for (const [entity, ids] of told) tx.changed(tenantId, entity, [...ids])
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
