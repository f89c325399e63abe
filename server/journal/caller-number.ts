import type { ReadNumber } from '../directory/directory.ts'

/** A caller as the journal keeps it. */
export type CallerNumber = {
  number_raw: string
  number_kind: ReadNumber['kind']
  e164: string | null
  number_key: string | null
}

const LONGEST_RAW = 200

/** What one number is compared by, in whatever spelling it comes; null for a withheld one. */
export function numberKey(read: ReadNumber): string | null {
  switch (read.kind) {
    case 'external':
      return read.e164
    case 'national':
      return `national ${read.digits}`
    case 'short':
    case 'unreadable':
      return `text ${storable(read.text)}`
    case 'withheld':
      return null
  }
}

/** Text that both engines can keep: without NUL and halves of surrogate pairs. */
export function storable(text: string): string {
  return text.replaceAll('\u0000', '').toWellFormed()
}

/** `raw` is the caller as it was sent, `read` what it turned out to be. */
export function callerNumber(raw: string, read: ReadNumber): CallerNumber {
  return {
    number_raw: storable(raw).slice(0, LONGEST_RAW).toWellFormed(),
    number_kind: read.kind,
    e164: read.kind === 'external' ? read.e164 : null,
    number_key: numberKey(read),
  }
}
