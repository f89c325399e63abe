import type { Selectable } from 'kysely'
import type { DispositionCode, DispositionCodeInput } from '../../contract/dispositions.ts'
import { recordAudit, type Actor } from '../platform/audit.ts'
import { isUniqueViolation } from '../platform/database/store-errors.ts'
import { unconditional, type Condition } from '../platform/etag.ts'
import { invalid, notFound } from '../platform/errors.ts'
import { CANONICAL_CODES, canonicalStatus, statusKey } from './statuses.ts'
import type { DispositionCodesTable } from './tables.ts'
import type { JournalDeps, JournalStore, JournalTx, Written } from './write.ts'

/** The statuses a tenant's dispositions may have. */
export type DispositionCodes = {
  /** The canonical ones, then the tenant's own by code. */
  list(tenantId: number): Promise<DispositionCode[]>
  get(tenantId: number, id: number): Promise<DispositionCode>
  create(actor: Actor, input: DispositionCodeInput): Written<DispositionCode>
  /** Dispositions that have it keep it. */
  remove(actor: Actor, id: number, condition?: Condition): Written<null>
}

const toCode = (row: Selectable<DispositionCodesTable>): DispositionCode => ({
  id: row.id,
  code: row.code,
  label: row.label,
})

/** The code that a text means, by code or label in any spelling; null when it is none. */
export async function codeOf(tx: JournalTx, tenantId: number, text: string): Promise<string | null> {
  const canonical = canonicalStatus(text)
  const key = statusKey(text)
  if (canonical !== null || key === '') return canonical
  const row = await tx.db
    .selectFrom('disposition_codes')
    .select('code')
    .where('tenant_id', '=', tenantId)
    .where((is) => is.or([is('code_key', '=', key), is('label_key', '=', key)]))
    .orderBy('id')
    .executeTakeFirst()
  return row?.code ?? null
}

export function openDispositionCodes(
  store: JournalStore,
  { clock }: Pick<JournalDeps, 'clock'>,
): DispositionCodes {
  const own = (tenantId: number) =>
    store.read.selectFrom('disposition_codes').selectAll().where('tenant_id', '=', tenantId)
  return {
    async list(tenantId) {
      const rows = await own(tenantId).orderBy('code').execute()
      return [...CANONICAL_CODES.map(({ code, label }) => ({ id: null, code, label })), ...rows.map(toCode)]
    },
    async get(tenantId, id) {
      const row = await own(tenantId).where('id', '=', id).executeTakeFirst()
      if (!row) throw notFound('Disposition code')
      return toCode(row)
    },
    async create(actor, { code, label }) {
      const keys = { code_key: statusKey(code), label_key: statusKey(label) }
      if (keys.label_key === '') throw invalid({ label: ['Needs a letter or a digit.'] })
      for (const [field, text] of [
        ['code', code],
        ['label', label],
      ] as const) {
        const canonical = canonicalStatus(text)
        if (canonical !== null) throw invalid({ [field]: [`Means ${canonical}, which every tenant has.`] })
      }
      const now = clock.now()
      try {
        return await store.transact(async (tx) => {
          const row = await tx.db
            .insertInto('disposition_codes')
            .values({ tenant_id: actor.tenantId, code, label, ...keys, created_at: now, updated_at: now })
            .returningAll()
            .executeTakeFirstOrThrow()
          const act = { action: 'create', entity: 'disposition_code', entityId: row.id } as const
          await recordAudit(tx, actor, { ...act, after: toCode(row) })
          return toCode(row)
        })
      } catch (error) {
        if (!isUniqueViolation(error)) throw error
        throw invalid({ code: ['There is one with this code or label.'] })
      }
    },
    async remove(actor, id, condition = unconditional) {
      return await store.transact(async (tx) => {
        const rows = tx.db
          .selectFrom('disposition_codes')
          .selectAll()
          .where('tenant_id', '=', actor.tenantId)
          .where('id', '=', id)
        const before = await (tx.engine === 'postgres' ? rows.forUpdate() : rows).executeTakeFirst()
        if (!before) throw notFound('Disposition code')
        condition(toCode(before))
        await tx.db.deleteFrom('disposition_codes').where('id', '=', id).execute()
        const act = { action: 'delete', entity: 'disposition_code', entityId: id } as const
        await recordAudit(tx, actor, { ...act, before: toCode(before) })
        return null
      })
    },
  }
}
