import type { Generated, Selectable } from 'kysely'
import type { AuditTables } from '../audit.ts'
import type { Flag } from '../database/json.ts'

export type WorkTable = {
  id: Generated<number>
  tenant_id: number
  kind: string
  /** At most one row of a tenant and kind has it. */
  unique_key: string | null
  /** At most `at_once` tasks with this key are leased at the same time, whatever their kind. */
  concurrency_key: string | null
  at_once: number
  /** JSON. Never a secret: ids of what holds it. */
  payload: string
  /** JSON of a `Schedule`; null for a task that is done once. */
  schedule: string | null
  /** ms UTC; of a schedule the moment it stands for. */
  due_at: number
  /** ms UTC: when it may be claimed next, which for a leased row is the end of the lease; null: dead. */
  ready_at: number | null
  /** The hub at work on it. */
  lease_owner: string | null
  /** Grows with every claim: whoever lost the lease knows an older one. */
  claims: number
  /** Claims since it was last new, for which the task itself has to answer. */
  attempts: number
  /** Asked for again while it ran. */
  again: Flag
  last_error: string | null
  failed_at: number | null
  dead_at: number | null
  created_at: number
  updated_at: number
}
export type WorkTables = { work: WorkTable } & AuditTables
export type WorkRow = Selectable<WorkTable>
