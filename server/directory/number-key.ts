import { storable } from '../platform/storable.ts'
import type { ReadNumber } from './read-number.ts'

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
