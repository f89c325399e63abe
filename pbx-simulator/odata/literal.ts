import { badRequest } from './refusal.ts'

/** A date-time or a duration written in a filter or a key, comparable with the text forms the data holds. */
export type Instant = { readonly kind: 'instant'; readonly ms: number }
export type Span = { readonly kind: 'span'; readonly ms: number }
export type Literal = string | number | boolean | null | Instant | Span

const DATE_TIME = /^\d{4,}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?$/
const NUMBER = /^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?[lLdDfFmM]?$/
const DURATION = /^(-)?P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/
const PREFIXED = /^([A-Za-z_][\w.]*)'((?:[^']|'')*)'$/

export const unquote = (text: string): string => text.slice(1, -1).replaceAll("''", "'")

/** Milliseconds of an ISO 8601 duration without years and months, or null. */
export function durationMs(text: string): number | null {
  const match = DURATION.exec(text)
  if (!match || text.endsWith('P') || text.endsWith('T')) return null
  const [, sign, days = 0, hours = 0, minutes = 0, seconds = 0] = match
  const total = ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)
  return Math.round(total * 1000) * (sign ? -1 : 1)
}

/** ISO 8601 text of a duration in ms: `PT1M5S`. */
export function durationText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  return `PT${h ? `${h}H` : ''}${m ? `${m}M` : ''}${s || (!h && !m) ? `${s}S` : ''}`
}

/** Reads one literal: text in quotes, number, boolean, null, date-time, `duration'…'`, `Pbx.Kind'Member'`. */
export function readLiteral(text: string): Literal | undefined {
  if (text.startsWith("'") && text.endsWith("'") && text.length > 1) return unquote(text)
  if (text === 'null') return null
  if (text === 'true' || text === 'false') return text === 'true'
  if (DATE_TIME.test(text)) {
    const ms = Date.parse(text.includes('T') && !/(?:Z|[+-]\d\d:\d\d)$/.test(text) ? `${text}Z` : text)
    if (Number.isNaN(ms)) throw badRequest(`${text} is no date.`)
    return { kind: 'instant', ms }
  }
  if (NUMBER.test(text)) return Number(text.replace(/[lLdDfFmM]$/, ''))
  const prefixed = PREFIXED.exec(text)
  if (!prefixed) return undefined
  const value = unquote(`'${prefixed[2]}'`)
  if (prefixed[1] !== 'duration') return value
  const ms = durationMs(value)
  if (ms === null) throw badRequest(`${value} is no duration.`)
  return { kind: 'span', ms }
}

/** Splits at a separator that stands outside quotes and parentheses. */
export function splitOutside(text: string, separator: string): string[] {
  const parts: string[] = []
  let depth = 0
  let quoted = false
  let start = 0
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]
    if (character === "'") quoted = !quoted
    else if (quoted) continue
    else if (character === '(') depth += 1
    else if (character === ')') depth -= 1
    else if (character === separator && depth === 0) {
      parts.push(text.slice(start, at))
      start = at + 1
    }
  }
  parts.push(text.slice(start))
  return parts
}
