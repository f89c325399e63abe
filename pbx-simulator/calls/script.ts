import { badRequest } from '../odata/refusal.ts'
import type { Row } from '../model/pbx.ts'
import { textOf } from '../model/text.ts'

/** Everything a script can let happen, with the words that may follow. */
const VERBS = {
  inbound: ['from', 'to', 'name', 'via', 'trunk', 'hours', 'record'],
  outbound: ['from', 'to', 'hours', 'record'],
  internal: ['from', 'to', 'hours', 'record'],
  answer: ['by'],
  transfer: ['to'],
  press: ['digits'],
  reject: ['by'],
  miss: [],
  noanswer: [],
  hangup: ['by'],
} as const
export type Verb = keyof typeof VERBS

/** One thing that happens to one call, `at` ms after the script began. */
export type Step = { at: number; do: Verb; call: string } & Readonly<Record<string, string | number>>

const isVerb = (word: unknown): word is Verb => typeof word === 'string' && Object.hasOwn(VERBS, word)

function checkStep(raw: unknown, place: string): Step {
  const row = raw as Row
  if (typeof row !== 'object' || row === null || !isVerb(row.do))
    throw badRequest(`${place}: "do" is one of ${Object.keys(VERBS).join(', ')}.`)
  const allowed: readonly string[] = ['at', 'do', 'call', ...VERBS[row.do]]
  for (const [word, value] of Object.entries(row)) {
    if (!allowed.includes(word)) throw badRequest(`${place}: ${row.do} knows no "${word}".`)
    if (typeof value === 'object') throw badRequest(`${place}: "${word}" is no text.`)
  }
  const at = row.at ?? 0
  if (typeof at !== 'number' || !(at >= 0)) throw badRequest(`${place}: "at" is a number of milliseconds.`)
  if ((row.do === 'outbound' || row.do === 'internal') && !(row.from && row.to))
    throw badRequest(`${place}: ${row.do} needs "from" and "to".`)
  if (row.do === 'inbound' && !row.from) throw badRequest(`${place}: inbound needs "from".`)
  return { ...row, at, do: row.do, call: textOf(row.call) || 'call' }
}

const TIME = /^(\+)?(\d+(?:\.\d+)?)(ms|s|m)?$/
const UNITS = { ms: 1, s: 1000, m: 60_000 } as const

/**
 * Reads a script: a list of steps, or text with one step a line, as in
 * `0 inbound a from +36301234567 to +3612345678 name "Anna Kiss"` and `+2s answer a by 100`. Times count from the start,
 * or from the step before with a plus; `#` begins a remark.
 */
export function readScript(script: unknown): Step[] {
  if (Array.isArray(script)) return script.map((step, index) => checkStep(step, `step ${index + 1}`))
  if (typeof script !== 'string') throw badRequest('A script is text or a list of steps.')
  let before = 0
  return script
    .split('\n')
    .map((line, index) => ({ words: wordsOf(line.trim()), place: `line ${index + 1}` }))
    .filter(({ words }) => words.length > 0)
    .map(({ words, place }) => {
      const [time = '', verb, call, ...rest] = words
      const match = TIME.exec(time)
      if (!match) throw badRequest(`${place}: "${time}" is no time.`)
      const ms = Number(match[2]) * UNITS[(match[3] ?? 's') as keyof typeof UNITS]
      before = match[1] ? before + ms : ms
      const pairs: Row = {}
      for (let at = 0; at < rest.length; at += 2) pairs[rest[at] ?? ''] = rest[at + 1] ?? ''
      return checkStep({ at: before, do: verb, call, ...pairs }, place)
    })
}

function wordsOf(line: string): string[] {
  if (line.startsWith('#')) return []
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '')
}
