import type { Language } from '../../contract/dispositions.ts'

/** The dispositions every hub knows, and the spellings that call flows send. */
const CANONICAL = [
  {
    code: 'no_answer',
    labels: { en: 'No Answer', fr: 'Pas de réponse', ro: 'Fără răspuns', de: 'Keine Antwort' },
    spellings: ['noanswer', 'noreply', 'notanswered'],
  },
  {
    code: 'schedule_later',
    labels: {
      en: 'Schedule Later',
      fr: 'À rappeler plus tard',
      ro: 'De sunat mai târziu',
      de: 'Später zurückrufen',
    },
    spellings: ['schedulelater', 'scheduledlater', 'schedulecallback', 'callback', 'callbacklater'],
  },
  {
    code: 'do_not_disturb',
    labels: { en: 'Do not Disturb', fr: 'Ne pas déranger', ro: 'Nu deranjați', de: 'Nicht stören' },
    spellings: ['donotdisturb', 'dnd', 'donotcall'],
  },
  {
    code: 'completed',
    labels: { en: 'Completed', fr: 'Terminé', ro: 'Finalizat', de: 'Erledigt' },
    spellings: ['completed', 'complete'],
  },
] as const

export const CANONICAL_CODES: readonly { code: string; labels: Readonly<Record<Language, string>> }[] =
  CANONICAL
export const SCHEDULE_LATER = 'schedule_later'
export const DO_NOT_DISTURB = 'do_not_disturb'

/** A status as it is compared: letters and digits only, case and accents aside. */
export function statusKey(text: string): string {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '')
}

const BY_SPELLING = new Map<string, string>(
  CANONICAL.flatMap(({ code, spellings }) => spellings.map((spelling) => [spelling, code] as const)),
)

/** The canonical code that a text means; null when it is none. */
export function canonicalStatus(text: string): string | null {
  return BY_SPELLING.get(statusKey(text)) ?? null
}
