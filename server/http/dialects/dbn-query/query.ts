import type { NewDisposition } from '../../../journal/journal.ts'
import { readInstant } from '../../../platform/local-time.ts'
import { firstOf, readParameters, type Parameters } from '../../parameters.ts'

/** One question or record of a request. */
export type Asked =
  | { kind: 'lookup'; cid: string }
  | { kind: 'record'; record: NewDisposition }
  | { kind: 'invalid'; isRecord: boolean; message: string }

/** Whom a question is about; null when it names nobody, or is a record. */
export function lookupOf(parameters: Parameters): string | null {
  return parameters.has('status') ? null : (parameters.get('cid') ?? null)
}

const DUE = ['due', 'due_at', 'callback_at']
const LONGEST = { comments: 10_000, agent: 255, call: 255 }
/** PBXs leave a variable that has no value as they found it. */
const UNFILLED = /^(?:\[[^[\]]*\])?$/

const orNull = (text: string | null) => (text === null || UNFILLED.test(text.trim()) ? null : text)

export type AskedContext = {
  /** The tenant's zone: due times are written as its clocks show them. */
  zone: string
  /** `Idempotency-Key` of the request. */
  key: string | null
}

/** What one set of parameters asks; `key` tells the records of one request apart. */
function readOne(parameters: Parameters, { zone, key }: AskedContext): Asked {
  const status = parameters.get('status')
  const isRecord = status !== undefined
  const cid = parameters.get('cid')
  const invalid = (message: string): Asked => ({ kind: 'invalid', isRecord, message })
  if (cid === undefined) return invalid('cid is missing: say whom this is about, cid=…')
  if (status === undefined) return { kind: 'lookup', cid }
  const comment = firstOf(parameters, ['comments', 'comment']) ?? ''
  const agent = firstOf(parameters, ['agent', 'extension'])
  const call = firstOf(parameters, ['call', 'call_id', 'callid'])
  for (const [name, text] of Object.entries({ comments: comment, agent: agent ?? '', call: call ?? '' })) {
    const longest = LONGEST[name as keyof typeof LONGEST]
    if (text.length > longest) return invalid(`${name} has more than ${longest} characters.`)
  }
  const due = orNull(firstOf(parameters, DUE))
  const dueAt = due === null ? null : readInstant(due, zone)
  if (due !== null && dueAt === null)
    return invalid('due is no time such as 2026-11-22T14:30 (in your zone) or 2026-11-22T14:30:00Z.')
  const record = { number: cid, status, comment, agent, call, dueAt, requestKey: key }
  return { kind: 'record', record }
}

/** What a request asks, one entry for a single object and one for each of a list. */
export function readAsked(query: unknown, body: unknown, context: AskedContext): Asked[] {
  if (!Array.isArray(body)) return [readOne(readParameters(query, body), context)]
  return body.map((item: unknown, i) => {
    const key = context.key === null ? null : `${context.key} ${i}`
    return readOne(readParameters(query, item), { ...context, key })
  })
}

// A string that nothing ends goes on to the end: looked for again behind each of its quotes, it would take hours.
const TRAILING_COMMA = /("(?:[^"\\]|\\.?)*(?:"|$))|,(?=\s*[}\]])/gs

/** JSON whose last entries may be followed by a comma, as in this dialect's own examples. */
export function withoutTrailingCommas(text: string): string {
  return text.replace(TRAILING_COMMA, (_comma, kept: string | undefined) => kept ?? '')
}
