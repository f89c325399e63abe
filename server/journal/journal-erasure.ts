import { isOneOf } from '../platform/database/engine.ts'
import { eraseRows } from '../platform/erase-rows.ts'
import { emptyAudit, mayHold, type Eraser } from '../platform/erasure.ts'
import type { JournalTx } from './write.ts'

const WHO = ['number_raw', 'e164', 'number_key'] as const
const PAGE = 500

/**
 * Records of those who go are deleted, with what they led to and what the audit trail says of them; a record of
 * somebody else that mentions them loses the mention.
 */
export const eraseFromJournal: Eraser = async (erasing, erasure) => {
  const tx = erasing as unknown as JournalTx
  const { tenantId, parties, needles, scrub } = erasure
  const removed = { dispositions: 0, do_not_call: 0, audit: 0 }
  const ofParties = await tx.db
    .selectFrom('dispositions')
    .select('id')
    .where('tenant_id', '=', tenantId)
    .where((is) =>
      is.or([
        isOneOf(tx.engine, 'customer_id', parties.customer, 'bigint'),
        isOneOf(tx.engine, 'contact_id', parties.contact, 'bigint'),
      ]),
    )
    .execute()
  const gone = new Set(ofParties.map((row) => row.id))
  const isAbout = (row: Record<(typeof WHO)[number], string | null>) =>
    WHO.some((name) => row[name] !== null && scrub(row[name]) !== null)

  for (let after = 0; needles.length > 0;) {
    const rows = await tx.db
      .selectFrom('dispositions')
      .selectAll()
      .where('tenant_id', '=', tenantId)
      .where('id', '>', after)
      .where(mayHold([...WHO, 'comment', 'agent', 'call'], needles))
      .orderBy('id')
      .limit(PAGE)
      .execute()
    for (const row of rows) {
      if (gone.has(row.id)) continue
      if (isAbout(row)) {
        gone.add(row.id)
        continue
      }
      const [comment, agent, call] = [row.comment, row.agent ?? '', row.call ?? ''].map(scrub)
      if ((comment ?? agent ?? call ?? null) === null) continue
      const left = { comment: comment ?? row.comment, agent: agent ?? row.agent, call: call ?? row.call }
      await tx.db
        .updateTable('dispositions')
        .set({ ...left, content: '', content_key: null })
        .where('id', '=', row.id)
        .execute()
      removed.dispositions += 1
    }
    const last = rows.at(-1)
    if (last === undefined) break
    after = last.id
  }

  const ids = [...gone]
  const numbers = await tx.db
    .selectFrom('do_not_call')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where((is) => is.or([isOneOf(tx.engine, 'disposition_id', ids, 'bigint'), mayHold([...WHO], needles)]))
    .execute()
  const noted = numbers.filter((row) => gone.has(row.disposition_id) || isAbout(row)).map((row) => row.id)
  const callbacks = await tx.db
    .selectFrom('callbacks')
    .select('id')
    .where('tenant_id', '=', tenantId)
    .where(isOneOf(tx.engine, 'disposition_id', ids, 'bigint'))
    .execute()
  removed.audit += await emptyAudit(tx, tenantId, 'disposition', ids)
  removed.audit += await emptyAudit(
    tx,
    tenantId,
    'callback',
    callbacks.map((row) => row.id),
  )
  removed.audit += await emptyAudit(tx, tenantId, 'do_not_call', noted)
  for (const [table, these] of [
    ['do_not_call', noted],
    ['dispositions', ids],
  ] as const) {
    if (these.length === 0) continue
    await tx.db
      .deleteFrom(table)
      .where('tenant_id', '=', tenantId)
      .where(isOneOf(tx.engine, 'id', these, 'bigint'))
      .execute()
    removed[table] += these.length
  }
  tx.changed(tenantId, 'do_not_call', noted)
  // What a PBX said is kept as it was said, or not at all.
  return { ...removed, pbx_events: await eraseRows(tx as never, 'pbx_events', SAID, erasure) }
}

const SAID = [...WHO, 'dnid', 'agent', 'call', 'queue', 'payload'] as const
