import type { Lookup } from '../../../directory/directory.ts'
import type { Metrics } from '../../../platform/metrics.ts'
import type { Asker, Routing } from '../../../routing/routing.ts'
import { hostNamed, type AskingOf } from '../../asking.ts'
import { firstOf, isOn, type Parameters as Named } from '../../parameters.ts'

/** What a PBX is told of a caller; every key always, in this order. */
export type CallerRecord = {
  id: number | null
  name: string | null
  /** 0-100, 100 first in line. */
  queue_position: number | null
  direct_line: string | null
  backend_link: string | null
  route_identifier: string | null
  outbound_number?: string | null
  language?: string | null
  external_id?: string | null
}

export type RecordDeps = {
  lookup: Pick<Lookup, 'byNumber' | 'externalIdOf'>
  /** Where the call goes by the profile there is for it; null for none. */
  decide(tenantId: number, question: Parameters<Routing['routeByProfile']>[1], asker: Asker): Decided | null
  /** How its number is read. */
  askingOf: AskingOf
  metrics: Pick<Metrics, 'lookup'>
  /** Where the hub is reached from outside; null: its links are left empty. */
  publicUrl: string | null
}

type Decided = Pick<
  NonNullable<ReturnType<Routing['routeByProfile']>>,
  'destination' | 'queue_position' | 'profile'
>

/** Who asks: `hostId` is the only PBX its token is for, null = any. */
export type Question = { tenantId: number; hostId: number | null; asker: Asker }

const NOBODY: CallerRecord = {
  id: null,
  name: null,
  queue_position: null,
  direct_line: null,
  backend_link: null,
  route_identifier: null,
}
const NOTHING_MORE = { outbound_number: null, language: null, external_id: null }
/** Matches below that are for display: they prove nobody's identity. */
const PROOF = 0.9
/** Kinds of destinations that the PBX rings as they are written. */
const RINGS = new Set(['direct_line', 'extension', 'queue', 'ring_group'])

const TELEPHONE = ['telephone', 'phone', 'number', 'phonenumber', 'phone_number', 'caller', 'cid']

/** The caller of a question; null when no parameter names one. */
export const telephoneOf = (parameters: Named): string | null => firstOf(parameters, TELEPHONE)

/** Answers who calls, from memory. What the party says of itself goes before what the profile of the called number says. */
export function openCallerRecords({ lookup, decide, askingOf, metrics, publicUrl }: RecordDeps) {
  return (
    telephone: string,
    parameters: Named,
    { tenantId, hostId: tokensHost, asker }: Question,
  ): CallerRecord => {
    const isExtended = isOn(parameters, 'extended')
    const identified = lookup.byNumber(tenantId, telephone, askingOf(tenantId, parameters, tokensHost))
    const { known, ambiguous, customer, contact, confidence, hints } = identified
    metrics.lookup(ambiguous ? 'ambiguous' : known ? 'known' : 'unknown')
    const party = contact ?? customer
    if (party === null) return isExtended ? { ...NOBODY, ...NOTHING_MORE } : NOBODY
    if (confidence < PROOF)
      return isExtended ? { ...NOBODY, name: party.name, ...NOTHING_MORE } : { ...NOBODY, name: party.name }
    const [dnid, call] = [parameters.get('dnid'), parameters.get('uniqueid')]
    const host = hostNamed(parameters, tokensHost) ?? undefined
    const decided = decide(tenantId, { number: telephone, dnid, call, host }, asker)
    const { type, value } = decided?.destination ?? { type: null, value: null }
    const rings = type !== null && RINGS.has(type) ? value : null
    return {
      id: party.id,
      name: party.name,
      queue_position: hints?.queue_position ?? decided?.queue_position ?? null,
      direct_line: hints?.direct_line ?? rings,
      backend_link: hints?.backend_link ?? (publicUrl === null ? '' : `${publicUrl}/pop/${party.id}`),
      route_identifier: hints?.route_identifier ?? (type === 'route_identifier' ? value : null),
      ...(isExtended
        ? {
            outbound_number: hints?.outbound_number ?? decided?.profile?.outbound_number ?? null,
            language: hints?.language ?? null,
            external_id: lookup.externalIdOf(tenantId, party.id),
          }
        : {}),
    }
  }
}
