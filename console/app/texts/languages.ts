import type { Language } from '../../../contract/dispositions.ts'

export type { Language }

/** Each language in its own words. */
export const LANGUAGE_NAMES: Readonly<Record<Language, string>> = {
  en: 'English',
  fr: 'Français',
  ro: 'Română',
  de: 'Deutsch',
}
export const LANGUAGES = Object.keys(LANGUAGE_NAMES) as Language[]
