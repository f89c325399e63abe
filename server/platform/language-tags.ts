const LONGEST = 35

/** A BCP 47 tag in its usual spelling (`pt-BR` for `PT-br`); null for what is none. */
export function languageTag(text: string): string | null {
  if (text.length > LONGEST) return null
  try {
    return Intl.getCanonicalLocales(text)[0] ?? null
  } catch {
    return null
  }
}
