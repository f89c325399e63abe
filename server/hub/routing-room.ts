import type { Access } from '../access/access.ts'
import type { Directory } from '../directory/directory.ts'
import type { Fleet } from '../fleet/fleet.ts'
import type { Journal } from '../journal/journal.ts'
import { openRouting, type Routing, type RoutingOptions } from '../routing/routing.ts'
import { openCallerFacts } from './caller-facts.ts'

type Rooms = { access: Access; directory: Directory; fleet: Fleet; journal: Journal }

/** Routing, told by the other rooms who calls and how numbers are read. */
export function openRoutingRoom(
  own: Pick<RoutingOptions, 'store' | 'clock' | 'log' | 'timeZone' | 'onMemory' | 'outbound'>,
  { access, directory, fleet, journal }: Rooms,
): Routing {
  return openRouting({
    ...own,
    country: (tenantId) => access.tenant(tenantId)?.country ?? null,
    keyOf: directory.lookup.key,
    hasHost: async (tenantId, id) => (await fleet.hostOfCalls({ tenantId, hostId: null }, id)) !== null,
    hostProfiles: fleet.hostProfiles,
    identify: openCallerFacts(directory.lookup, journal.doNotCall.has, journal.lastAgents),
  })
}
