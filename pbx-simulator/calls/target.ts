import { NOWHERE } from '../model/destinations.ts'
import { findDn } from '../model/numbers.ts'
import type { Pbx, Row } from '../model/pbx.ts'
import { textOf } from '../model/text.ts'

/** Where a call goes: the fields of a Destination that matter. */
export type Target = { to: string; number: string; external: string }

export const targetOf = (destination: unknown): Target => {
  const row = (destination ?? NOWHERE) as Row
  return {
    to: textOf(row.To),
    number: textOf(row.Number),
    external: textOf(row.External),
  }
}

/** A number somebody dials, as a destination. */
export function targetOfNumber(pbx: Pbx, number: string): Target {
  const dn = findDn(pbx, number)
  return dn ? { to: dn.type, number, external: '' } : { to: 'External', number: '', external: number }
}
