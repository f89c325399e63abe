import { createContext, useContext, useEffect, type ReactNode } from 'react'
import { LANGUAGES, type Language } from './languages.ts'
import { useSession } from '../api/session.ts'
import { de } from './de.ts'
import { en, type Texts } from './en.ts'
import { fr } from './fr.ts'
import { ro } from './ro.ts'

const TEXTS: Readonly<Record<Language, Texts>> = { en, fr, ro, de }

type Spoken = { language: Language; t: Texts }
const Context = createContext<Spoken>({ language: 'en', t: en })

/** The first language of the browser that there are texts in. */
function browserLanguage(): Language {
  const wanted = navigator.languages.map((tag) => tag.toLowerCase().split('-')[0])
  return wanted.map((tag) => LANGUAGES.find((one) => one === tag)).find((one) => one !== undefined) ?? 'en'
}

/** The language of whoever is signed in, else the browser's. */
export function TextsProvider({ children }: { children: ReactNode }) {
  const { data: session } = useSession()
  const language = session?.user?.language ?? browserLanguage()
  useEffect(() => {
    document.documentElement.lang = language
  }, [language])
  return <Context value={{ language, t: TEXTS[language] }}>{children}</Context>
}

export function useTexts(): Texts {
  return useContext(Context).t
}

export function useLanguage(): Language {
  return useContext(Context).language
}
