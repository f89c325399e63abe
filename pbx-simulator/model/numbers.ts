import { refuseField } from '../odata/refusal.ts'
import type { Pbx, Row } from './pbx.ts'
import { textOf } from './text.ts'

/** Sets whose rows are dialled by number, with what the PBX calls them as peers. */
export const NUMBERED_SETS = {
  Users: 'Extension',
  Queues: 'Queue',
  RingGroups: 'RingGroup',
  Receptionists: 'IVR',
  Fax: 'Fax',
  Parkings: 'Parking',
  Trunks: 'ExternalLine',
  CallFlowApps: 'RoutePoint',
  Groups: 'Group',
} as const
export type NumberedSet = keyof typeof NUMBERED_SETS
export type PeerType = (typeof NUMBERED_SETS)[NumberedSet]

export type Dn = { set: NumberedSet; type: PeerType; row: Row }

/** Who answers to a number. */
export function findDn(pbx: Pbx, number: unknown): Dn | null {
  for (const [set, type] of Object.entries(NUMBERED_SETS) as [NumberedSet, PeerType][]) {
    const row = pbx.store.numbered(set, number)
    if (row) return { set, type, row }
  }
  return null
}

export function findDnById(pbx: Pbx, id: unknown): Dn | null {
  for (const [set, type] of Object.entries(NUMBERED_SETS) as [NumberedSet, PeerType][]) {
    const row = pbx.store.get(set, id)
    if (row) return { set, type, row }
  }
  return null
}

/** What a DN is called on displays. */
export function nameOfDn({ row }: Dn): string {
  const person = [row.FirstName, row.LastName]
    .filter((part) => typeof part === 'string' && part !== '')
    .join(' ')
  const line = (row.Gateway as Row | undefined)?.Name
  return person || textOf(row.DisplayName) || textOf(row.Name) || textOf(line) || textOf(row.Number)
}

/** A DN as others refer to it. */
export function peerOf(dn: Dn): Row {
  return {
    Id: dn.row.Id,
    Number: dn.row.Number,
    Name: nameOfDn(dn),
    Type: dn.type,
    Hidden: false,
    Tags: [],
  }
}

/** The lowest number from `first` on that nobody has. */
export function firstFreeNumber(pbx: Pbx, first: number, prefix = ''): string {
  for (let number = first; ; number += 1) {
    const text = `${prefix}${number}`
    if (findDn(pbx, text) === null && pbx.store.numbered('ServicePrincipals', text) === null) return text
  }
}

/** Refuses a number that is empty, taken, or different from the one a row was made with. */
export function checkNumber(pbx: Pbx, row: Row, before: Row | null): void {
  if (before) {
    if (row.Number !== before.Number) throw refuseField('Number', 'XAPI.FORBIDDEN_CHANGE')
    return
  }
  if (typeof row.Number !== 'string' || row.Number === '') throw refuseField('Number', 'XAPI.REQUIRED')
  if (!/^[A-Za-z0-9*_.-]{1,32}$/.test(row.Number)) throw refuseField('Number', 'INVALID')
  if (findDn(pbx, row.Number) || pbx.store.numbered('ServicePrincipals', row.Number))
    throw refuseField('Number', 'XAPI.ALREADY_IN_USE')
}
