import type { AccessMemory, TenantSettings } from './access-memory.ts'
import { zoneOf } from './zones.ts'

/** What other rooms need to know of a tenant to answer its callers. */
export type TenantView = Pick<TenantSettings, 'country' | 'matchTail' | 'matchSwitchboard'> & {
  timeZone: string
}

/** `CORDBOARD_COUNTRY` and `CORDBOARD_TIME_ZONE`: for tenants that name none of their own. */
export type TenantDefaults = { country: string | null; timeZone: string | null }

/** Answers how a tenant's callers are read; null for a tenant that does not exist or was closed. */
export function openTenantViews(
  memory: AccessMemory,
  { country, timeZone }: TenantDefaults,
): (id: number) => TenantView | null {
  const views = new WeakMap<TenantSettings, TenantView>()
  return (id) => {
    const found = memory.tenant(id)
    if (!found?.active) return null
    const kept = views.get(found)
    if (kept) return kept
    const { matchTail, matchSwitchboard } = found
    const ofTenant = found.country ?? country
    const view = {
      country: ofTenant,
      timeZone: zoneOf(found.timeZone, ofTenant, timeZone),
      matchTail,
      matchSwitchboard,
    }
    views.set(found, view)
    return view
  }
}
