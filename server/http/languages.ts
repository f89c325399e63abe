import type { FastifyRequest } from 'fastify'
import type { Language } from '../../contract/dispositions.ts'
import { DEFAULT_LANGUAGE, acceptedLanguage, languageOf } from '../journal/journal.ts'
import { principalOrNull } from './app.ts'

/** The language of the labels in an answer: the one asked for, else the user's own, else what the browser accepts. */
export function languageAsked(request: FastifyRequest, lang: string | undefined): Language {
  const header = request.headers['accept-language']
  return (
    languageOf(lang ?? '') ??
    principalOrNull(request)?.session?.user.language ??
    acceptedLanguage(header ?? '') ??
    DEFAULT_LANGUAGE
  )
}
