import type { FastifyRequest } from 'fastify'
import type { Reach } from '../../fleet/fleet.ts'
import type { CallReach } from '../../journal/journal.ts'
import { HubError } from '../../platform/errors.ts'
import { principalOf } from '../app.ts'

/** What the request's credential may see of the fleet. */
export function reachOf(request: FastifyRequest): Reach {
  const { tenantId, hostId } = principalOf(request)
  return { tenantId, hostId }
}

/** The same of calls. */
export function callReachOf(request: FastifyRequest): CallReach {
  const { tenantId, hostId, departments } = principalOf(request)
  return { tenantId, hostId, departments }
}

/** The same where calls are told of whose agents are not looked at: refused to who sees some departments only. */
export function everyCallReachOf(request: FastifyRequest): CallReach {
  const reach = callReachOf(request)
  if (reach.departments !== null)
    throw new HubError('forbidden', 'This is not told to who sees the calls of some departments only.')
  return reach
}

/** What writes calls sees them all: of a record that is there already, the answer would tell. */
export function forbidDepartmentTokens(request: FastifyRequest): void {
  if (principalOf(request).departments !== null)
    throw new HubError('forbidden', 'Who sees the calls of some departments only writes none.')
}

/** Refuses a token that belongs to one host where the whole fleet is written to. */
export function forbidHostTokens(request: FastifyRequest): void {
  if (principalOf(request).hostId !== null)
    throw new HubError('forbidden', 'This token belongs to one PBX host and changes nothing of the fleet.')
}
