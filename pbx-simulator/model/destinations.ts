import { refuseField } from '../odata/refusal.ts'
import { findDn, nameOfDn } from './numbers.ts'
import type { Pbx, Row } from './pbx.ts'

/** Destinations that name somebody inside, and the kind of DN that must be. */
const NEEDS: Readonly<Record<string, string>> = {
  Extension: 'Extension',
  VoiceMail: 'Extension',
  Queue: 'Queue',
  RingGroup: 'RingGroup',
  IVR: 'IVR',
  Fax: 'Fax',
  RoutePoint: 'RoutePoint',
}

/** Destinations that name a number outside. */
const OUTSIDE = new Set(['External', 'Boomerang', 'Deflect'])

/** Ends the call. */
export const NOWHERE: Row = { To: 'None', Type: 'None', Number: '', Name: '', External: '', Tags: [] }

/** A complete destination out of what was sent, or a refusal of the field it stands in. */
export function completeDestination(pbx: Pbx, sent: unknown, field: string): Row {
  if (sent === null || sent === undefined) return NOWHERE
  const given = sent as Row
  const to = typeof given.To === 'string' ? given.To : 'None'
  if (OUTSIDE.has(to)) {
    if (typeof given.External !== 'string' || given.External === '')
      throw refuseField(`${field}.External`, 'XAPI.REQUIRED')
    return { ...NOWHERE, To: to, External: given.External }
  }
  const wanted = NEEDS[to]
  if (wanted === undefined) return { ...NOWHERE, To: to, Number: given.Number ?? '' }
  if (typeof given.Number !== 'string' || given.Number === '')
    throw refuseField(`${field}.Number`, 'XAPI.REQUIRED')
  const dn = findDn(pbx, given.Number)
  if (dn?.type !== wanted) throw refuseField(`${field}.Number`, 'XAPI.NOT_FOUND')
  return { ...NOWHERE, To: to, Type: dn.type, Number: given.Number, Name: nameOfDn(dn) }
}

/** Completes the routes of a row that have a destination in them. */
export function completeRoutes(pbx: Pbx, row: Row, fields: readonly string[]): void {
  for (const field of fields) {
    const route = row[field] as Row | null | undefined
    if (!route) continue
    row[field] = {
      IsPromptEnabled: false,
      Prompt: '',
      ...route,
      Route: completeDestination(pbx, route.Route, `${field}.Route`),
    }
  }
}
