import type { Area, Caller, Method } from '../model/pbx.ts'

/**
 * What a role may do, as it was observed on live PBXs: owners everything, administrators everything but the history,
 * others the history but nothing of the system. Where nobody looked, the simulator refuses changes to all below.
 */
export function mayUse(caller: Caller, area: Area, method: Method, tag: string): boolean {
  if (area === 'open') return true
  switch (caller.role) {
    case 'system_owners':
      return true
    case 'system_admins':
      return area !== 'history'
    case 'group_owners':
    case 'managers':
    case 'group_admins':
      return area === 'history' || (area === 'configuration' && (method === 'GET' || WRITABLE.has(tag)))
    case 'receptionists':
    case 'users':
      return (
        (area === 'history' && caller.role === 'receptionists') ||
        (area === 'configuration' && method === 'GET')
      )
  }
}

/** What the head of a department may change. */
const WRITABLE: ReadonlySet<string> = new Set(['Users', 'Contacts', 'Queues', 'RingGroups'])
