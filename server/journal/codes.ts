import type { Selectable } from 'kysely'
import type {
  DispositionCode,
  DispositionCodeInput,
  DispositionLabelsInput,
  Language,
} from '../../contract/dispositions.ts'
import { recordAudit, type Actor } from '../platform/audit.ts'
import { held } from '../platform/database/claiming.ts'
import { lockForTransaction } from '../platform/database/engine.ts'
import { isUniqueViolation } from '../platform/database/store-errors.ts'
import { unconditional, type Condition } from '../platform/etag.ts'
import { invalid, notFound } from '../platform/errors.ts'
import { storable } from '../platform/storable.ts'
import { DEFAULT_LANGUAGE, allLabels, readLabels, type Labels } from './labels.ts'
import { CANONICAL_CODES, canonicalStatus, statusKey } from './statuses.ts'
import type { DispositionCodesTable } from './tables.ts'
import type { JournalDeps, JournalStore, JournalTx, Written } from './write.ts'

/** The statuses a tenant's dispositions may have. */
export type DispositionCodes = {
  /** The canonical ones, then the tenant's own by code. */
  list(tenantId: number, language?: Language): Promise<DispositionCode[]>
  get(tenantId: number, id: number, language?: Language): Promise<DispositionCode>
  create(actor: Actor, input: DispositionCodeInput, language?: Language): Written<DispositionCode>
  /** Dispositions that have it keep it. */
  remove(actor: Actor, id: number, condition?: Condition, language?: Language): Written<null>
  /** The tenant's own labels of a canonical code or one of its own; null takes one away. HubError `not_found`. */
  relabel(
    actor: Actor,
    code: string,
    given: DispositionLabelsInput,
    condition?: Condition,
    language?: Language,
  ): Written<DispositionCode>
}

type OwnCode = Selectable<DispositionCodesTable>
type OwnLabels = ReadonlyMap<string, Labels>

function toCode({ id, code, label }: OwnCode, own: OwnLabels, language: Language): DispositionCode {
  const labels = allLabels(code, own)
  return { id, code, label: labels[language] ?? label, labels }
}

function toCanonical(code: string, own: OwnLabels, language: Language): DispositionCode {
  const labels = allLabels(code, own)
  return { id: null, code, label: labels[language] ?? code, labels }
}

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
  const lock = async (tx: JournalTx, tenantId: number, by: { id: number } | { code: string }) => {
    const [column, value] = 'id' in by ? (['id', by.id] as const) : (['code', by.code] as const)
    const rows = tx.db.selectFrom('disposition_codes').selectAll().where('tenant_id', '=', tenantId)
    return await held(tx.engine, rows.where(column, '=', value)).executeTakeFirst()
  }
  /** null takes a label away. */
  const putLabels = async (
    tx: JournalTx,
    { tenantId: tenant_id }: Actor,
    code: string,
    labels: DispositionLabelsInput['labels'],
  ) => {
    for (const [language, given] of Object.entries(labels) as [Language, string | null][]) {
      const label = given?.trim()
      if (given !== null && !label) throw invalid({ [`labels.${language}`]: ['Is empty.'] })
      const updated_at = clock.now()
      if (label)
        await tx.db
          .insertInto('disposition_labels')
          .values({ tenant_id, code, language, label: storable(label), updated_at })
          .onConflict((one) =>
            one
              .columns(['tenant_id', 'code', 'language'])
              .doUpdateSet({ label: storable(label), updated_at }),
          )
          .execute()
      else
        await tx.db
          .deleteFrom('disposition_labels')
          .where('tenant_id', '=', tenant_id)
          .where('code', '=', code)
          .where('language', '=', language)
          .execute()
    }
  }

  return {
    async list(tenantId, language = DEFAULT_LANGUAGE) {
      const rows = await own(tenantId).orderBy('code').execute()
      const labels = await readLabels(store.read, tenantId)
      return [
        ...CANONICAL_CODES.map(({ code }) => toCanonical(code, labels, language)),
        ...rows.map((row) => toCode(row, labels, language)),
      ]
    },
    async get(tenantId, id, language = DEFAULT_LANGUAGE) {
      const row = await own(tenantId).where('id', '=', id).executeTakeFirst()
      if (!row) throw notFound('Disposition code')
      return toCode(row, await readLabels(store.read, tenantId), language)
    },
    async create(actor, { code, label, labels = {} }, language = DEFAULT_LANGUAGE) {
      const { tenantId } = actor
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
            .values({ tenant_id: tenantId, code, label, ...keys, created_at: now, updated_at: now })
            .returningAll()
            .executeTakeFirstOrThrow()
          await putLabels(tx, actor, code, labels)
          const after = toCode(row, await readLabels(tx.db, tenantId), language)
          const act = { action: 'create', entity: 'disposition_code', entityId: row.id } as const
          await recordAudit(tx, actor, { ...act, after })
          return after
        })
      } catch (error) {
        if (!isUniqueViolation(error)) throw error
        throw invalid({ code: ['There is one with this code or label.'] })
      }
    },
    async remove(actor, id, condition = unconditional, language = DEFAULT_LANGUAGE) {
      const { tenantId } = actor
      return await store.transact(async (tx) => {
        const row = await lock(tx, tenantId, { id })
        if (!row) throw notFound('Disposition code')
        const before = toCode(row, await readLabels(tx.db, tenantId), language)
        condition(before)
        await tx.db.deleteFrom('disposition_codes').where('id', '=', id).execute()
        await tx.db
          .deleteFrom('disposition_labels')
          .where('tenant_id', '=', tenantId)
          .where('code', '=', row.code)
          .execute()
        const act = { action: 'delete', entity: 'disposition_code', entityId: id } as const
        await recordAudit(tx, actor, { ...act, before })
        return null
      })
    },
    async relabel(actor, code, given, condition = unconditional, language = DEFAULT_LANGUAGE) {
      const { tenantId } = actor
      return await store.transact(async (tx) => {
        const isCanonical = CANONICAL_CODES.some((one) => one.code === code)
        const row = isCanonical ? undefined : await lock(tx, tenantId, { code })
        if (!isCanonical && !row) throw notFound('Disposition code')
        if (isCanonical) await lockForTransaction(tx.engine, tx.db as never, `label ${tenantId} ${code}`)
        const shown = async () => {
          const labels = await readLabels(tx.db, tenantId)
          return row ? toCode(row, labels, language) : toCanonical(code, labels, language)
        }
        const before = await shown()
        condition(before)
        await putLabels(tx, actor, code, given.labels)
        const after = await shown()
        const act = { action: 'update', entity: 'disposition_label', entityId: row?.id ?? null } as const
        await recordAudit(tx, actor, { ...act, before, after })
        return after
      })
    },
  }
}
