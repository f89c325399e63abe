import type { Clock } from '../platform/clock.ts'
import { openAccessMirror, type AccessImage } from './access-memory.ts'
import { openAuthentication, type Authentication } from './authentication.ts'
import { openTenantViews, type TenantDefaults, type TenantView } from './tenant-views.ts'

/** What a thread that answers calls needs to know of access. It says yes or nothing: refusals are the hub's. */
export type AccessMirror = Pick<Authentication, 'recognise'> & {
  tenant(id: number): TenantView | null
  load(image: AccessImage): void
}

export type AccessMirrorOptions = TenantDefaults & { clock: Clock; onUse(tokenId: number): void }

/** Access out of an image of the hub's. */
export function openAccessMirrorOf({ clock, onUse, ...defaults }: AccessMirrorOptions): AccessMirror {
  const memory = openAccessMirror()
  const { recognise } = openAuthentication(memory, clock, onUse)
  return { recognise, tenant: openTenantViews(memory, defaults), load: memory.load }
}
