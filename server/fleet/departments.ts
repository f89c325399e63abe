import { sql, type RawBuilder } from 'kysely'
import { isOneOf, type Engine } from '../platform/database/engine.ts'
import type { FleetTx } from './write.ts'

/** How names of departments are compared. */
export const departmentKey = (name: string): string => name.normalize('NFKC').trim().toLowerCase()

/** A department by the ids of its host and of the PBX: it stays when the department is renamed. */
const keyById = (hostId: number, id: number | string) => `${hostId}:${id}`

type Department = string | { id?: unknown; name?: unknown }
type Entry = { number?: unknown; departments?: unknown }

/** What of a map says who belongs where; anything else in it means nothing here. */
const SECTIONS = ['extensions', 'queues', 'ring_groups', 'ivrs'] as const

/** Number → the keys of its departments, as a map tells it; nothing for a map of another shape. */
export function departmentsIn(hostId: number, map: unknown): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>()
  const sections = map !== null && typeof map === 'object' ? (map as Record<string, unknown>) : {}
  const idsByName = new Map<string, string>()
  for (const one of listOf(sections['departments']) as Department[])
    if (typeof one === 'object' && one !== null && isKey(one.id) && typeof one.name === 'string')
      idsByName.set(departmentKey(one.name), keyById(hostId, one.id))
  for (const section of SECTIONS)
    for (const entry of listOf(sections[section]) as (Entry | null)[]) {
      const { number, departments } = entry ?? {}
      if (!isKey(number)) continue
      const keys = found.get(String(number)) ?? new Set<string>()
      for (const name of listOf(departments)) {
        if (typeof name !== 'string' || name.trim() === '') continue
        keys.add(departmentKey(name))
        const id = idsByName.get(departmentKey(name))
        if (id !== undefined) keys.add(id)
      }
      if (keys.size > 0) found.set(String(number), keys)
    }
  return found
}

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? (value as unknown[]) : [])
const isKey = (value: unknown): value is string | number =>
  (typeof value === 'string' && value !== '') || typeof value === 'number'

const AT_ONCE = 1_000

/** Notes who belongs where on a host, as its map tells it now. `map` is JSON; null = there is none. */
export async function writeDepartments(
  { db }: FleetTx,
  { id, tenant_id }: { id: number; tenant_id: number },
  map: string | null,
): Promise<void> {
  await db.deleteFrom('pbx_departments').where('host_id', '=', id).execute()
  const rows = [...departmentsIn(id, map === null ? null : JSON.parse(map))].flatMap(([number, keys]) =>
    [...keys].map((department) => ({ tenant_id, host_id: id, number, department })),
  )
  for (let at = 0; at < rows.length; at += AT_ONCE)
    await db
      .insertInto('pbx_departments')
      .values(rows.slice(at, at + AT_ONCE))
      .execute()
}

/** The `host_id, number` of everything in one of these departments, as a part of a query. */
export function numbersInDepartments(
  engine: Engine,
  tenantId: number,
  departments: readonly string[],
): RawBuilder<unknown> {
  return sql`select host_id, number from pbx_departments where tenant_id = ${tenantId}
    and ${isOneOf(engine, 'department', departments.map(departmentKey), 'text')}`
}
