import { ERASED } from '../platform/erasure.ts'
import { nationalDigits } from './phone-number.ts'
import type { ReadNumber } from './read-number.ts'

/** How a number is found in texts, however people separated its digits. */
export type NumberTraces = {
  /** Digits that are in every spelling, once separators are off. */
  needle: string
  pattern: RegExp
}

const SEPARATOR = String.raw`[\s.\-/()]*`
const TRUNK = String.raw`(?:0|8|06)?`
const spread = (digits: string) => [...digits].join(SEPARATOR)
const literal = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)

/**
 * The traces a number leaves: with and without its country, trunk prefix and separators. Text that nobody can read as
 * a number leaves itself; null for what names nobody (withheld, an extension).
 */
export function tracesOf(read: ReadNumber): NumberTraces | null {
  if (read.kind === 'unreadable') return { needle: read.text, pattern: new RegExp(literal(read.text), 'g') }
  if (read.kind !== 'external' && read.kind !== 'national') return null
  const whole = read.kind === 'external' ? String(read.digits) : read.digits
  const national = read.kind === 'external' ? nationalDigits(read.digits) || whole : whole
  const code =
    read.kind === 'external' ? spread(whole.slice(0, whole.length - national.length)) : String.raw`\d{1,3}`
  // A zero before the digits is part of them in Italy and a trunk prefix next door.
  const needle = national.replace(/^0/, '')
  const abroad = String.raw`(?:(?:\+|00|011)?${SEPARATOR}${code}${SEPARATOR})?`
  return {
    needle,
    pattern: new RegExp(String.raw`(?<!\d)${abroad}${TRUNK}${SEPARATOR}${spread(needle)}(?!\d)`, 'g'),
  }
}

/** Takes every trace out of a text; null when it holds none. */
export function openScrub(traces: NumberTraces[]): (text: string) => string | null {
  return (text) => {
    const scrubbed = traces.reduce((left, { pattern }) => left.replace(pattern, ERASED), text)
    return scrubbed === text ? null : scrubbed
  }
}
