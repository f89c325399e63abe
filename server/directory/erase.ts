import type { EraseAnswer, EraseInput } from '../../contract/erase.ts'
import { recordAudit, type Actor } from '../platform/audit.ts'
import type { Committed } from '../platform/committed.ts'
import { isOneOf } from '../platform/database/engine.ts'
import type { Tx } from '../platform/database/store.ts'
import type { Eraser, Erasure, Removed } from '../platform/erasure.ts'
import { HubError } from '../platform/errors.ts'
import { scout } from './erase-scout.ts'
import { numbersHeld, subjectOf } from './erase-subject.ts'
import { deleteRows, eraseFromTexts } from './erase-texts.ts'
import { eraseFromImports, importUnderWay } from './import/erase-remarks.ts'
import { write, type DirectoryDeps, type DirectoryStore, type DirectoryTx } from './write.ts'

/** Deletes every spelling of the numbers, whoever has it, and people of whom nothing is left. */
async function eraseNumbers(
  tx: DirectoryTx,
  { tenantId, needles, scrub, lookAt }: Erasure,
): Promise<Removed> {
  const held = tx.db
    .selectFrom('phones')
    .select(['id', 'customer_id', 'contact_id', 'raw', 'e164', 'national'])
    .where('tenant_id', '=', tenantId)
    .where(numbersHeld(tx.engine, needles))
  const some = lookAt?.('phones') ?? null
  const rows = await (some === null ? held : held.where(some)).execute()
  const gone = rows.filter(({ raw, e164, national }) =>
    [raw, e164, national].some((text) => text !== null && scrub(text) !== null),
  )
  const of = (column: 'customer_id' | 'contact_id') => [
    ...new Set(gone.map((row) => row[column]).filter((id) => id !== null)),
  ]
  const [customers, contacts] = [of('customer_id'), of('contact_id')]
  const phones = await deleteRows(
    tx,
    'phones',
    tenantId,
    'id',
    gone.map((row) => row.id),
  )
  tx.changed(tenantId, 'customer', customers)
  tx.changed(tenantId, 'contact', contacts)
  return { phones, contacts: await deleteNameless(tx, tenantId, contacts) }
}

/** A person of whom there is neither a name nor an address nor a number any more is nobody. */
async function deleteNameless(tx: DirectoryTx, tenantId: number, contacts: number[]): Promise<number> {
  if (contacts.length === 0) return 0
  const gone = await tx.db
    .deleteFrom('contacts')
    .where('tenant_id', '=', tenantId)
    .where(isOneOf(tx.engine, 'id', contacts, 'bigint'))
    .where('first_name', 'is', null)
    .where('last_name', 'is', null)
    .where('email', 'is', null)
    .where((is) =>
      is.not(
        is.exists(
          is
            .selectFrom('phones')
            .select('phones.id')
            .where('phones.tenant_id', '=', tenantId)
            .whereRef('phones.contact_id', '=', 'contacts.id'),
        ),
      ),
    )
    .executeTakeFirst()
  return Number(gone.numDeletedRows)
}

async function eraseParties(tx: DirectoryTx, { tenantId, parties }: Erasure): Promise<Removed> {
  const { customer, contact } = parties
  const removed: Removed = {
    phones:
      (await deleteRows(tx, 'phones', tenantId, 'customer_id', customer)) +
      (await deleteRows(tx, 'phones', tenantId, 'contact_id', contact)),
    contracts: await deleteRows(tx, 'contracts', tenantId, 'customer_id', customer),
    customer_files: await deleteRows(tx, 'customer_files', tenantId, 'customer_id', customer),
    merged_parties:
      (await deleteRows(tx, 'merged_parties', tenantId, 'customer_id', customer)) +
      (await deleteRows(tx, 'merged_parties', tenantId, 'contact_id', contact)),
    contacts: await deleteRows(tx, 'contacts', tenantId, 'id', contact),
    customers: await deleteRows(tx, 'customers', tenantId, 'id', customer),
  }
  tx.changed(tenantId, 'contact', contact)
  tx.changed(tenantId, 'customer', customer)
  return removed
}

const eraseFromBook: Eraser = async (tx, erasure) => {
  const book = tx as unknown as DirectoryTx
  const all: Removed = {}
  const { parties, needles } = erasure
  if (parties.customer.length + parties.contact.length > 0) add(all, await eraseParties(book, erasure))
  else add(all, await eraseNumbers(book, erasure))
  if (needles.length > 0) add(all, await eraseFromTexts(book, erasure))
  return all
}

function add(all: Removed, more: Removed): void {
  for (const [place, count] of Object.entries(more)) if (count > 0) all[place] = (all[place] ?? 0) + count
}

/** Forgets a caller: `erasers` are those of the other rooms. */
export function openErase(
  store: DirectoryStore,
  { country }: Pick<DirectoryDeps, 'country'>,
  erasers: Eraser[],
): (actor: Actor, input: EraseInput) => Promise<Committed<EraseAnswer>> {
  return async (actor, input) => {
    const { tenantId } = actor
    // Nobody waits for a look on PostgreSQL, where readers and writers never do.
    const scouted = store.engine === 'sqlite' ? await scout(store, tenantId, input, country(tenantId)) : null
    return await write(store, {}, async (tx) => {
      if (await importUnderWay(tx, tenantId))
        throw new HubError(
          'conflict',
          'An import is under way and may hold this too: erase when it has ended.',
        )
      const { kind, erasure } = await (scouted?.subjectNow(tx) ??
        subjectOf(tx, tenantId, input, country(tenantId)))
      const removed: Removed = {}
      for (const erase of [eraseFromBook, eraseFromImports, ...erasers])
        add(removed, await erase(tx as unknown as Tx<never>, erasure))
      // Neither who nor which number: this line is what may be known afterwards.
      await recordAudit(tx, actor, { action: 'erase', entity: kind, entityId: null, after: { removed } })
      return { kind, removed }
    })
  }
}
