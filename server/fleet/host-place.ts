import type { Selectable } from 'kysely'
import { parseAllowPrivate } from '../platform/outbound-rules.ts'
import type { Place } from './probes.ts'
import type { PbxHostsTable } from './tables.ts'

type Row = Selectable<PbxHostsTable>

/** Where the hub may go to reach PBXs. */
export type Outbound = {
  /** Private places any tenant's hosts may be at, as the operator allowed them. */
  allowPrivate: readonly string[]
  /** The tenant whose hosts are where it says, private or not; null = not known yet. */
  operatorTenantId(): number | null
  userAgent: string
}

/** Where the PBX's own API is; null when neither `xapi_url` nor the host's name makes an address. */
export const webAddressOf = (row: Row): URL | null => URL.parse(row.xapi_url ?? `https://${row.host_name}`)

export const placeOf = (url: URL): Place => ({
  name: url.hostname.replace(/^\[|\]$/g, ''),
  port: Number(url.port || (url.protocol === 'https:' ? 443 : 80)),
})

/** The private places that may be reached for this host: what the operator allowed, and for his own hosts these places too. */
export function allowedFor(row: Row, { allowPrivate, operatorTenantId }: Outbound, own: Place[]): string[] {
  const isOperators = row.tenant_id === operatorTenantId()
  return [...allowPrivate, ...(isOperators ? own.flatMap(allowanceOf) : [])]
}

/** An entry as `parseAllowPrivate` reads it; none for what is no name and no address. */
function allowanceOf({ name, port }: Place): string[] {
  const entry = `${name.includes(':') ? `[${name}]` : name}:${port}`
  try {
    parseAllowPrivate([entry])
    return [entry]
  } catch {
    return []
  }
}
