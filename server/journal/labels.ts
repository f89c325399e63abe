import { LANGUAGES, type Language } from '../../contract/dispositions.ts'
import type { JournalStore, JournalTx } from './write.ts'
import { CANONICAL_CODES } from './statuses.ts'

export type Labels = Partial<Record<Language, string>>

export const DEFAULT_LANGUAGE: Language = 'en'

/** The language that a tag such as `fr-CA` asks for; null when there is no label in it. */
export function languageOf(tag: string): Language | null {
  const name = tag.trim().toLowerCase().split(/[-_]/)[0]
  return LANGUAGES.find((language) => language === name) ?? null
}

/** The first language of an `Accept-Language` header that there are labels in, most wanted first; null for none. */
export function acceptedLanguage(header: string): Language | null {
  const wanted = header.split(',', 20).map((part) => {
    const [tag = '', ...parameters] = part.split(';')
    const q = parameters.map((one) => /^\s*q=([\d.]+)\s*$/.exec(one)?.[1]).find((one) => one !== undefined)
    return { language: languageOf(tag), q: q === undefined ? 1 : Number(q) }
  })
  const best = wanted.filter(({ language, q }) => language !== null && q > 0).toSorted((a, b) => b.q - a.q)
  return best[0]?.language ?? null
}

/** A tenant's own labels by code. */
export async function readLabels(
  db: JournalStore['read'] | JournalTx['db'],
  tenantId: number,
): Promise<Map<string, Labels>> {
  const rows = await db
    .selectFrom('disposition_labels')
    .select(['code', 'language', 'label'])
    .where('tenant_id', '=', tenantId)
    .execute()
  const labels = new Map<string, Labels>()
  for (const { code, language, label } of rows) labels.set(code, { ...labels.get(code), [language]: label })
  return labels
}

/** Every label of a status, the tenant's own before the built-in ones, in the order of the languages. */
export function allLabels(code: string, own: ReadonlyMap<string, Labels>): Labels {
  const builtIn: Labels = CANONICAL_CODES.find((one) => one.code === code)?.labels ?? {}
  const labels = { ...builtIn, ...own.get(code) }
  return Object.fromEntries(
    LANGUAGES.flatMap((language) => {
      const label = labels[language]
      return label === undefined ? [] : [[language, label]]
    }),
  )
}
