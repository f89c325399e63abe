import type { Generated } from 'kysely'
import type { AuditTables } from '../../platform/audit.ts'
import type { ChangeTables } from '../../platform/changes.ts'

/** Who talked with a number or a party last, on one PBX. */
export type LastAgentsTable = {
  id: Generated<number>
  tenant_id: number
  host_id: number
  /** Of a number; null in the row of a party. */
  e164: string | null
  /** Of a party: the contact, else the customer; null in the row of a number. */
  party_id: number | null
  /** Whom the number meant at that time. */
  customer_id: number | null
  contact_id: number | null
  extension: string
  /** When they began to talk; ms UTC. */
  talked_at: number
}

export type LastAgentTables = { last_agents: LastAgentsTable } & AuditTables & ChangeTables
