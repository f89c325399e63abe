import type { PlacedCall } from '../../contract/live.ts'
import type { MakeCallResult, XapiClient } from '../../xapi/xapi.ts'
import type { Lookup } from '../directory/directory.ts'
import { asPbxError } from '../fleet/fleet.ts'
import { recordProgress, type Act, type Actor } from '../platform/audit.ts'
import type { Store } from '../platform/database/store.ts'
import { HubError, invalid } from '../platform/errors.ts'
import type { Log } from '../platform/log.ts'
import type { LiveTables } from './tables.ts'

/** A call somebody wants: the phone rings, and once it is answered, the number is dialled. */
export type WantedCall = {
  /** The phone. */
  hostId: number
  extension: string
  /** As a person wrote it. */
  number: string
  /** Calls a number that is not to be called all the same. */
  override: boolean
}

/**
 * Lets a phone call a number. HubError `validation_failed`, `country_required`, `do_not_call`, `pbx_…`. The act is durable
 * before the PBX is asked, so that no repetition under the same `Idempotency-Key` rings twice, whatever becomes of the hub.
 */
export type PlaceCall = (actor: Actor, call: WantedCall) => Promise<PlacedCall>

export type PlaceCallDeps = {
  store: Store<LiveTables>
  lookup: Lookup
  isDoNotCall(tenantId: number, numberKey: string): boolean
  open(reach: { tenantId: number; hostId: number | null }, hostId: number): Promise<XapiClient>
  log: Log
}

const DIALLABLE = /^[0-9*#+]{1,30}$/

export function openPlaceCall({ store, lookup, isDoNotCall, open, log }: PlaceCallDeps): PlaceCall {
  /** What the PBX is told to dial: outside numbers in full, with a plus; short ones as they are. */
  const dialledAs = (tenantId: number, number: string): string => {
    const read = lookup.read(tenantId, number)
    if (read.kind === 'external') return read.e164
    if (read.kind === 'national') {
      const message = 'In which country is this number? Name the tenant’s, or write the number with its plus.'
      throw new HubError('country_required', message)
    }
    const bare = number.replace(/[\s().-]/g, '')
    if (read.kind === 'short' && DIALLABLE.test(bare)) return bare
    throw invalid({ number: ['Is no number that can be dialled.'] })
  }

  return async (actor, { hostId, extension, number, override }) => {
    const { tenantId } = actor
    const dialled = dialledAs(tenantId, number)
    const key = lookup.key(tenantId, number)
    const isUnwanted = key !== null && isDoNotCall(tenantId, key)
    if (isUnwanted && !override) {
      const message =
        'Whoever has this number asked not to be called. Send "override": true to call all the same.'
      throw new HubError('do_not_call', message)
    }
    const client = await open({ tenantId, hostId: null }, hostId)
    const asked = { host_id: hostId, extension, dialled }
    const noted = { ...asked, ...(isUnwanted ? { do_not_call: true, override: true } : {}) }
    const act = (outcome: object): Act => {
      return { action: 'call', entity: 'pbx_host', entityId: hostId, after: { ...noted, ...outcome } }
    }
    let audit: number | null = null
    await store.transact(async (tx): Promise<PlacedCall> => {
      audit = await recordProgress(tx, actor, act({ state: 'asked' }), null)
      return { ...asked, state: 'unknown', call_id: null }
    })
    const note = (outcome: object) =>
      store
        .transact((tx) => recordProgress(tx, actor, act(outcome), audit))
        .catch((error: unknown) =>
          log.warn('the outcome of a click to call is not in the audit trail', { error }),
        )
    try {
      const result = await client.users.makeCall({ dn: extension, destination: dialled })
      const call_id = callIdOf(result)
      await note({ state: 'ringing', call_id })
      return { ...asked, state: 'ringing', call_id }
    } catch (error) {
      const told = asPbxError(error)
      await note({ state: 'failed', reason: told instanceof HubError ? told.code : 'internal' })
      throw told
    }
  }
}

function callIdOf({ FinalStatus, Reason, ReasonText, Result }: MakeCallResult): string | null {
  const status = String(FinalStatus ?? '')
  // PBXs tell success as a number or as a word; some tell nothing.
  if (status === '' || status === '1' || /^success$/i.test(status))
    return Result?.CallId === undefined ? null : String(Result.CallId)
  const why = [ReasonText, Reason].find((text) => text && text !== 'NotSpecified')
  throw new HubError('pbx_refused', `The PBX did not place the call${why ? `: ${why}` : ''}.`)
}
