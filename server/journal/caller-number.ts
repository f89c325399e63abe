import { numberKey, type ReadNumber } from '../directory/directory.ts'
import { storable } from '../platform/storable.ts'

/** A caller as the journal keeps it. */
export type CallerNumber = {
  number_raw: string
  number_kind: ReadNumber['kind']
  e164: string | null
  number_key: string | null
}

const LONGEST_RAW = 200

/** `raw` is the caller as it was sent, `read` what it turned out to be. */
export function callerNumber(raw: string, read: ReadNumber): CallerNumber {
  return {
    number_raw: storable(raw).slice(0, LONGEST_RAW).toWellFormed(),
    number_kind: read.kind,
    e164: read.kind === 'external' ? read.e164 : null,
    number_key: numberKey(read),
  }
}
