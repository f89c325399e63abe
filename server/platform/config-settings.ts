import { accessSync, constants } from 'node:fs'
import { resolve } from 'node:path'
import { isSupportedCountry } from 'libphonenumber-js/max'
import { parseAddressList } from './address.ts'
import type { Env, EnvName } from './env.ts'
import { readMasterKey } from './master-key.ts'
import { parseAllowPrivate } from './outbound-rules.ts'
import { readRetention } from './retention.ts'

/**
 * Reads single variables as what they mean. One that cannot be understood counts as not given and leaves a sentence in
 * `problems` that names it and says what would be right; values that may hold a secret are not repeated.
 */
export function openSettings(env: Env) {
  const problems = [...env.problems]

  const read = <T>(name: EnvName, understand: (text: string) => T): T | null => {
    const text = env.values[name]
    if (text === null) return null
    try {
      return understand(text)
    } catch (error) {
      problems.push(`${name}: ${(error as Error).message}.`)
      return null
    }
  }

  const readList = (name: EnvName, check: (entries: string[]) => unknown): string[] => {
    const understand = (text: string) => {
      const entries = text.split(/[\s,]+/).filter((entry) => entry !== '')
      check(entries)
      return entries
    }
    return read(name, understand) ?? []
  }

  const needs = (given: EnvName, missing: EnvName): void => {
    if (env.values[missing] === null && env.values[given] !== null) {
      problems.push(`${missing}: ${given} is set, so this one is needed too.`)
    }
  }

  return {
    problems,
    port: (name: EnvName) => read(name, readPort),
    count: (name: EnvName, most: number) => read(name, (text) => readCount(text, most)),
    file: (name: EnvName) => read(name, readableFile),
    country: (name: EnvName) => read(name, readCountry),
    timeZone: (name: EnvName) => read(name, readTimeZone),
    publicUrl: (name: EnvName) => read(name, readPublicUrl),
    postgresUrl: (name: EnvName) => read(name, readPostgresUrl),
    secret: (name: EnvName, shortest: number) => read(name, (text) => readSecret(text, shortest)),
    masterKey: (name: EnvName) => read(name, readKeyText),
    oneOf: <T extends string>(name: EnvName, choices: readonly T[]) =>
      read(name, (text) => readChoice(text, choices)),
    retention: (name: EnvName) => read(name, readRetention),
    seconds: (name: EnvName, most: number) => read(name, (text) => readSeconds(text, most)),
    addressList: (name: EnvName) => readList(name, parseAddressList),
    allowPrivate: (name: EnvName) => readList(name, parseAllowPrivate),
    /** Two variables that mean something only together. */
    together(one: EnvName, other: EnvName): void {
      needs(one, other)
      needs(other, one)
    },
    /** A variable that means something only beside another one. */
    needs,
  }
}

function readPort(text: string): number {
  const port = Number(text)
  if (!/^\d{1,5}$/.test(text) || port > 65_535)
    throw new Error(`"${text}" is not a port, a number from 0 to 65535`)
  return port
}

function readCount(text: string, most: number): number {
  const count = Number(text)
  if (!/^\d{1,5}$/.test(text) || count < 1 || count > most)
    throw new Error(`"${text}" is not a number from 1 to ${most}`)
  return count
}

function readSeconds(text: string, most: number): number {
  const seconds = Number(text)
  if (!/^\d{1,9}$/.test(text) || seconds > most)
    throw new Error(`"${text}" is no whole number of seconds from 0 to ${most}`)
  return seconds
}

function readableFile(text: string): string {
  const path = resolve(text)
  try {
    accessSync(path, constants.R_OK)
  } catch {
    throw new Error(`the file ${path} cannot be read`)
  }
  return path
}

function readCountry(text: string): string {
  const country = text.toUpperCase()
  if (!isSupportedCountry(country))
    throw new Error(`"${text}" is not a country of two letters (ISO 3166-1), such as FR`)
  return country
}

function readTimeZone(text: string): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone
  } catch {
    throw new Error(`"${text}" is not a time zone such as Europe/Paris`)
  }
}

function readPublicUrl(text: string): string {
  const url = URL.parse(text)
  const isPlain =
    url !== null && url.username === '' && url.password === '' && url.search === '' && url.hash === ''
  if (!isPlain || !/^https?:$/.test(url.protocol)) {
    throw new Error('this is not an http:// or https:// address without credentials, query and fragment')
  }
  return url.href.replace(/\/+$/, '')
}

function readPostgresUrl(text: string): string {
  const protocol = URL.parse(text)?.protocol
  if (protocol === 'postgres:' || protocol === 'postgresql:') return text
  throw new Error(
    'this is not a postgres://user:password@host/database address (signs such as @ and / in a password are percent-encoded)',
  )
}

function readSecret(text: string, shortest: number): string {
  if (text.length < shortest)
    throw new Error(`it has ${text.length} characters, at least ${shortest} are needed`)
  return text
}

function readKeyText(text: string): string {
  readMasterKey(text)
  return text
}

function readChoice<T extends string>(text: string, choices: readonly T[]): T {
  const choice = choices.find((one) => one === text.toLowerCase())
  if (choice === undefined) throw new Error(`"${text}" is not one of ${choices.join(', ')}`)
  return choice
}
