import { sql, type SelectQueryBuilder } from 'kysely'
import type { CallStatus } from '../../contract/pbx3cx-calls.ts'
import { readPeriod } from '../platform/written-dates.ts'
import type { CallTables } from './call-tables.ts'
import { isOfDepartments } from './audiences.ts'
import type { CallDeps, CallStore } from './call-write.ts'
import { numberKey } from '../directory/directory.ts'

/** What a credential may see: its tenant, and in it the calls of all hosts or of one, of all departments or of some. */
export type CallReach = {
  tenantId: number
  hostId: number | null
  /** The only departments whose calls are seen; null = all. */
  departments: readonly string[] | null
}

/** What a list of records or calls is narrowed to; undefined = not asked for. */
export type CallFilters = {
  pbx3cx_host_id?: number | undefined
  /** Instants of the start, the first included, the second not; a date alone as the end is included. */
  from?: string | undefined
  to?: string | undefined
  /** Either side's number, in any spelling. */
  number?: string | undefined
  /** Extension or name. */
  agent?: string | undefined
  queue?: string | undefined
  status?: CallStatus | undefined
  direction?: string | undefined
}

/** The rows of `table` that may be seen and are asked for; records stand beside their `calls`. */
export function narrow<Table extends keyof CallTables, Row>(
  query: SelectQueryBuilder<CallTables, Table, Row>,
  store: Pick<CallStore, 'engine'>,
  table: 'records' | 'calls',
  { tenantId, hostId, departments }: CallReach,
  filters: CallFilters,
  { lookup, timeZone }: Pick<CallDeps, 'lookup' | 'timeZone'>,
): SelectQueryBuilder<CallTables, Table, Row> {
  const column = (name: string) => sql.ref(`${table}.${name}`)
  const { from, to } = readPeriod(filters, timeZone(tenantId))
  const wanted = [sql<boolean>`${column('tenant_id')} = ${tenantId}`]
  const equal = (name: string, value: string | number | null | undefined) => {
    if (value !== undefined && value !== null) wanted.push(sql<boolean>`${column(name)} = ${value}`)
  }
  if (departments !== null) wanted.push(isOfDepartments(store, tenantId, departments))
  equal('host_id', hostId)
  equal('host_id', filters.pbx3cx_host_id)
  equal('queue', filters.queue)
  equal('status', filters.status)
  equal('direction', filters.direction)
  if (from !== null) wanted.push(sql<boolean>`${column('started_at')} >= ${from}`)
  if (to !== null) wanted.push(sql<boolean>`${column('started_at')} < ${to}`)
  const { agent, number } = filters
  if (agent !== undefined)
    wanted.push(sql<boolean>`(${column('agent_extension')} = ${agent} or ${column('agent_name')} = ${agent})`)
  if (number !== undefined) {
    // Nobody is found by a number that was withheld.
    const key = numberKey(lookup.explain(tenantId, number).read)
    wanted.push(
      key === null
        ? sql<boolean>`1 = 0`
        : sql<boolean>`(${column('caller_key')} = ${key} or ${column('called_key')} = ${key})`,
    )
  }
  return query.where(sql<boolean>`${sql.join(wanted, sql` and `)}`)
}
