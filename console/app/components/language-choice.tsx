import { useSetLanguage } from '../api/session.ts'
import { LANGUAGE_NAMES, LANGUAGES, type Language } from '../texts/languages.ts'
import { useLanguage, useTexts } from '../texts/texts.tsx'

/** The language of whoever is signed in, on every screen of theirs. */
export function LanguageChoice({ className }: { className?: string }) {
  const t = useTexts()
  const language = useLanguage()
  const setLanguage = useSetLanguage()
  return (
    <select
      className={className}
      aria-label={t.language}
      value={language}
      onChange={({ target }) => setLanguage.mutate(target.value as Language)}
    >
      {LANGUAGES.map((one) => (
        <option key={one} value={one} lang={one}>
          {LANGUAGE_NAMES[one]}
        </option>
      ))}
    </select>
  )
}
