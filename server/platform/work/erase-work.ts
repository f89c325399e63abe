import { mayHold, scrubJson, type Eraser } from '../erasure.ts'
import type { Tx } from '../database/store.ts'
import type { WorkTables } from './tables.ts'

const PAGE = 500

/** What is still to be done is done without those who go: payloads and errors keep their form. */
export const eraseFromWork: Eraser = async (tx, { tenantId, needles, scrub }) => {
  const { db } = tx as unknown as Tx<WorkTables>
  let work = 0
  for (let after = 0; needles.length > 0;) {
    const rows = await db
      .selectFrom('work')
      .select(['id', 'payload', 'last_error'])
      .where('tenant_id', '=', tenantId)
      .where('id', '>', after)
      .where(mayHold(['payload', 'last_error'], needles))
      .orderBy('id')
      .limit(PAGE)
      .execute()
    for (const { id, payload, last_error } of rows) {
      const scrubbed = scrubJson(payload, scrub)
      const error = last_error === null ? null : scrub(last_error)
      if (scrubbed === null && error === null) continue
      const columns = { payload: scrubbed ?? payload, last_error: error ?? last_error }
      await db.updateTable('work').set(columns).where('id', '=', id).execute()
      work += 1
    }
    const last = rows.at(-1)
    if (last === undefined) break
    after = last.id
  }
  return { work }
}
