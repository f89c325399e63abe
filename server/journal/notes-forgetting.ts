import { isOneOf } from '../platform/database/engine.ts'
import { emptyAudit, mayHold, type Eraser } from '../platform/erasure.ts'
import type { PruneOne } from '../platform/retention.ts'
import { foldedNote } from './note-fields.ts'
import type { JournalStore, JournalTx } from './write.ts'

const PAGE = 500

/** Notes written long ago. */
export function pruneNotes(store: JournalStore): PruneOne {
  return async (olderThan, limit) => {
    const old = await store.read
      .selectFrom('notes')
      .select('id')
      .where('created_at', '<', olderThan)
      .limit(limit)
      .execute()
    const ids = old.map((row) => row.id)
    if (ids.length > 0)
      await store.transact(({ db, engine }) =>
        db
          .deleteFrom('notes')
          .where(isOneOf(engine, 'id', ids, 'bigint'))
          .execute(),
      )
    return ids.length
  }
}

/** Notes about those who go, and on calls of their numbers, are deleted; one about somebody else that mentions them loses the mention. */
export const eraseFromNotes: Eraser = async (erasing, { tenantId, parties, needles, scrub }) => {
  const tx = erasing as unknown as JournalTx
  const removed = { notes: 0, audit: 0 }
  const theirs = await tx.db
    .selectFrom('notes')
    .select('id')
    .where('tenant_id', '=', tenantId)
    .where((is) =>
      is.or([
        isOneOf(tx.engine, 'customer_id', parties.customer, 'bigint'),
        isOneOf(tx.engine, 'contact_id', parties.contact, 'bigint'),
      ]),
    )
    .execute()
  const onCalls = await tx.db
    .selectFrom('notes')
    .innerJoin('calls', (join) =>
      join.onRef('calls.tenant_id', '=', 'notes.tenant_id').onRef('calls.id', '=', 'notes.noteable_id'),
    )
    .select(['notes.id', 'caller_number', 'caller_name', 'called_number'])
    .where('notes.tenant_id', '=', tenantId)
    .where('notes.noteable_type', '=', 'call')
    .where(mayHold(['caller_number', 'caller_name', 'called_number'], needles))
    .execute()
  const ofTheirCalls = onCalls.filter(({ caller_number, caller_name, called_number }) =>
    [caller_number, caller_name, called_number].some((text) => text !== null && scrub(text) !== null),
  )
  const ids = [...new Set([...theirs, ...ofTheirCalls].map((row) => row.id))]
  removed.audit += await emptyAudit(tx, tenantId, 'note', ids)
  await tx.db
    .deleteFrom('notes')
    .where('tenant_id', '=', tenantId)
    .where(isOneOf(tx.engine, 'id', ids, 'bigint'))
    .execute()
  removed.notes += ids.length

  for (let after = 0; needles.length > 0;) {
    const rows = await tx.db
      .selectFrom('notes')
      .selectAll()
      .where('tenant_id', '=', tenantId)
      .where('id', '>', after)
      .where(mayHold(['type', 'title', 'body', 'number_key'], needles))
      .orderBy('id')
      .limit(PAGE)
      .execute()
    for (const row of rows) {
      if (row.number_key !== null && scrub(row.number_key) !== null) {
        removed.audit += await emptyAudit(tx, tenantId, 'note', [row.id])
        await tx.db.deleteFrom('notes').where('id', '=', row.id).execute()
        removed.notes += 1
        continue
      }
      const [type, title, body] = [row.type, row.title, row.body].map((text) =>
        text === null ? null : scrub(text),
      )
      if ((type ?? title ?? body ?? null) === null) continue
      const left = { type: type ?? row.type, title: title ?? row.title, body: body ?? row.body }
      await tx.db
        .updateTable('notes')
        .set({ ...left, folded: foldedNote(left.title, left.body) })
        .where('id', '=', row.id)
        .execute()
      removed.notes += 1
    }
    const last = rows.at(-1)
    if (last === undefined) break
    after = last.id
  }
  return removed
}
