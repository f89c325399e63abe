import type { XapiClient } from '../../../xapi/xapi.ts'
import * as Pbx from '../../../xapi/xapi.ts'
import { HubError, notFound } from '../../platform/errors.ts'
import { hostIdOf } from '../hosts.ts'
import type { FleetStore, Reach } from '../write.ts'
import { inTime } from '../xapi-deadline.ts'
import { asPbxError } from '../xapi-errors.ts'
import type { XapiSessions } from '../xapi-sessions.ts'
import { inOurNames } from './spelling.ts'

/** A host whose rules are worked on. */
export type At = { hostId: number; pbx: XapiClient; signal: AbortSignal }
/** Runs `work` with the client of a host, named by id or code. Its errors come out in the hub's words and field names. */
export type AtHost = <T>(reach: Reach, host: string, work: (at: At) => Promise<T>) => Promise<T>

const PATIENCE_MS = 60_000

export function openAtHost(store: FleetStore, xapi: XapiSessions): AtHost {
  return async (reach, host, work) => {
    const hostId = await hostIdOf(store, reach, host)
    try {
      const pbx = await xapi.open(reach, hostId)
      return await inTime('Inbound rules', PATIENCE_MS, (signal) => work({ hostId, pbx, signal }))
    } catch (error) {
      throw asRuleError(error)
    }
  }
}

/** A rule as the PBX has it now. HubError `not_found`. */
export async function ruleAt(pbx: XapiClient, id: number, signal: AbortSignal): Promise<Pbx.InboundRule> {
  try {
    return await pbx.inboundRules.get(id, { signal })
  } catch (error) {
    throw noRule(error)
  }
}

/** What is not there is a rule. */
export const noRule = (error: unknown): unknown =>
  Pbx.isXapiError(error, 'not_found') ? notFound('Inbound rule') : error

/** As `asPbxError`, with the fields under our names, and a `conflict` where the PBX has such a rule already. */
function asRuleError(thrown: unknown): unknown {
  const error = asPbxError(thrown)
  if (!(error instanceof HubError) || !Pbx.isXapiError(error.cause)) return error
  const { cause, code, fields: theirs } = error
  const isTaken = cause.kind === 'conflict'
  if (!isTaken && theirs === undefined) return error
  const fields = new Map<string, string[]>()
  for (const [field, words] of Object.entries(theirs ?? {}))
    fields.set(inOurNames(field), [...(fields.get(inOurNames(field)) ?? []), ...words])
  const [first] = fields
  const message = first ? `The PBX refuses ${first[0]}: ${first[1][0]}` : error.message
  return new HubError(isTaken ? 'conflict' : code, message, {
    cause,
    ...(first ? { fields: Object.fromEntries(fields) } : {}),
  })
}
