import type { RawAnswer } from './connection.ts'
import { retryAfterMs } from './backoff.ts'
import { XapiError, type Problem, type XapiErrorKind } from './errors.ts'
import type { Secrets } from './secrets.ts'
import { explainWarning } from './warnings.ts'

type ErrorBody = { code?: unknown; message?: unknown; target?: unknown; details?: unknown }

const LONGEST_WORDS = 500
const TAKEN = new Set(['XAPI.DUPLICATE', 'XAPI.ALREADY_IN_USE'])
const GONE = new Set(['XAPI.FILE_NOT_FOUND', 'BACKUP_NOT_FOUND_OR_INVALID'])

/** The error that an answer of the PBX stands for: OData's error object, its warnings, or the status alone. */
export function answerError(answer: RawAnswer, operation: string, secrets: Secrets): XapiError {
  const { status } = answer
  const body = errorBody(answer.bytes)
  const problems = body === null ? [] : problemsOf(body, secrets)
  const kind = kindOf(status, problems)
  const [first] = problems
  const words = first === undefined ? (WORDS[kind] ?? 'the PBX failed') : sentenceOf(first)
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''
  return new XapiError(kind, `${operation}: ${words}${more} (${status})`, {
    status,
    operation,
    problems,
    reason: first?.code ?? null,
    retryAfterMs: retryAfterMs(answer.headers('retry-after')),
  })
}

const WORDS: Partial<Record<XapiErrorKind, string>> = {
  authentication: 'the PBX refuses the token',
  permission: 'the role or the licence of the API client does not allow it',
  not_found: 'there is no such thing on this PBX',
  validation: 'the PBX refuses the request',
  conflict: 'it exists already or changed meanwhile',
  rate: 'the PBX asks for patience',
}

function kindOf(status: number, problems: readonly Problem[]): XapiErrorKind {
  if (status === 401) return 'authentication'
  if (status === 403) return 'permission'
  if (status === 404 || status === 405 || status === 410) return 'not_found'
  if (status === 409 || status === 412) return 'conflict'
  if (status === 429 || status === 503) return 'rate'
  if (status >= 300 && status < 400) return 'server'
  if (status >= 500) return 'server'
  if (problems.some(({ code }) => TAKEN.has(code))) return 'conflict'
  if (problems.length > 0 && problems.every(({ code }) => GONE.has(code))) return 'not_found'
  return 'validation'
}

function sentenceOf({ field, message }: Problem): string {
  return field === null ? message : `${field} ${message}`
}

function errorBody(bytes: Buffer): ErrorBody | null {
  try {
    const value = JSON.parse(bytes.toString('utf8')) as { error?: unknown } | null
    const error = value?.error
    return typeof error === 'object' && error !== null ? error : null
  } catch {
    return null
  }
}

/** The details say more than the whole; without any, the whole is what there is. */
function problemsOf(body: ErrorBody, secrets: Secrets): Problem[] {
  const details = (Array.isArray(body.details) ? body.details : []).filter(
    (one): one is ErrorBody => typeof one === 'object' && one !== null,
  )
  const told = [...details, body].map((one) => ({
    code: textOf(one.code, secrets),
    message: textOf(one.message, secrets),
    target: textOf(one.target, secrets),
  }))
  const warned = told.flatMap(warningsIn)
  if (warned.length > 0) return distinct(warned).slice(0, 50)
  return told
    .filter(({ message }) => message !== '')
    .slice(0, Math.max(1, details.length))
    .map(({ code, message, target }) => ({
      field: target === '' ? null : target,
      code: code === '' ? 'refused' : code,
      message,
      advice: null,
    }))
}

/** `Number: WARNINGS.XAPI.ALREADY_IN_USE`, in whatever way field and symbol are put together. */
function warningsIn({ message, target }: { message: string; target: string }): Problem[] {
  const pattern = /(?:([A-Za-z_][\w.[\]]*)[\s:='"-]*)?\bWARNINGS\.([A-Z0-9_]+(?:\.[A-Z0-9_]+)*)/g
  return [...message.matchAll(pattern)].map(([, field, symbol = '']) => {
    const name = target !== '' ? target : field
    return { field: name ?? null, code: symbol, ...explainWarning(symbol) }
  })
}

function distinct(problems: Problem[]): Problem[] {
  const byCode = new Map<string, Problem>()
  for (const problem of problems) {
    const [bare, full] = [`${problem.code}`, `${problem.code} ${problem.field}`]
    if (problem.field === null && [...byCode.values()].some(({ code }) => code === problem.code)) continue
    byCode.delete(bare)
    byCode.set(problem.field === null ? bare : full, problem)
  }
  return [...byCode.values()]
}

function textOf(value: unknown, secrets: Secrets): string {
  return typeof value === 'string' ? secrets.redact(value).trim().slice(0, LONGEST_WORDS) : ''
}
