import type { Selectable } from 'kysely'
import type { Page } from '../../contract/common.ts'
import type { Profile, ProfileInput, ProfilePatch } from '../../contract/profiles.ts'
import { recordAudit, type Actor } from '../platform/audit.ts'
import type { Clock } from '../platform/clock.ts'
import type { Committed } from '../platform/committed.ts'
import { fromJson, toJson } from '../platform/database/json.ts'
import { isUniqueViolation } from '../platform/database/store-errors.ts'
import type { Store, Tx } from '../platform/database/store.ts'
import { unconditional, type Condition } from '../platform/etag.ts'
import { HubError, invalid, notFound } from '../platform/errors.ts'
import { readListRequest, readPage } from '../platform/listing.ts'
import { checkProfile } from './profile-check.ts'
import { claimDnids, claimHosts } from './profile-claims.ts'
import type { Reading } from './profile-views.ts'
import { sourceOf } from './sources.ts'
import type { ProfilesTable, RoutingTables } from './tables.ts'

/** How calls to which numbers are answered. */
export type Profiles = {
  list(tenantId: number, query: Record<string, unknown>): Promise<Page<Profile>>
  get(tenantId: number, id: number): Promise<Profile>
  create(actor: Actor, input: ProfileInput): Promise<Committed<Profile>>
  update(actor: Actor, id: number, patch: ProfilePatch, condition?: Condition): Promise<Committed<Profile>>
  remove(actor: Actor, id: number, condition?: Condition): Promise<Committed<null>>
}

type RoutingTx = Tx<RoutingTables>
type Row = Selectable<ProfilesTable>
const COLUMNS = { id: 'id', name: 'name', created_at: 'created_at' }

const toProfile = (row: Row): Profile => ({
  id: row.id,
  name: row.name,
  dnids: fromJson(row.dnids),
  host_ids: fromJson(row.host_ids),
  country: row.country,
  time_zone: row.time_zone,
  hours: row.hours === null ? null : fromJson(row.hours),
  holidays: fromJson(row.holidays),
  rules: fromJson(row.rules),
  outbound_number: row.outbound_number,
  deadline_ms: row.deadline_ms,
  sources: fromJson(row.sources),
  created_at: new Date(row.created_at).toISOString(),
  updated_at: new Date(row.updated_at).toISOString(),
})

const jsonOf = <T>(value: T | undefined) => (value === undefined ? undefined : toJson(value))

function toColumns({ name, country, time_zone, outbound_number, deadline_ms, ...lists }: ProfilePatch) {
  return {
    name: name?.trim(),
    country,
    time_zone,
    outbound_number: outbound_number === undefined ? undefined : outbound_number?.trim() || null,
    deadline_ms,
    sources: lists.sources === undefined ? undefined : toJson(lists.sources.map(sourceOf)),
    dnids: jsonOf(lists.dnids),
    host_ids: jsonOf(lists.host_ids),
    hours: lists.hours === null ? null : jsonOf(lists.hours),
    holidays: jsonOf(lists.holidays),
    rules: jsonOf(lists.rules),
  }
}

export type ProfileDeps = { clock: Clock } & Pick<Reading, 'keyOf'> & {
    hasHost(tenantId: number, id: number): Promise<boolean>
  }

export function openProfiles(store: Store<RoutingTables>, { clock, keyOf, hasHost }: ProfileDeps): Profiles {
  const own = (tenantId: number) =>
    store.read.selectFrom('profiles').selectAll().where('tenant_id', '=', tenantId)

  const claim = async (tx: RoutingTx, row: Row) => {
    const { dnids, host_ids } = toProfile(row)
    await claimDnids(tx, row, { dnids, hosts: host_ids.length, keyOf })
    await claimHosts(tx, row, host_ids)
  }
  /** A host that went away since the profile named it may stay in its list. */
  const checkHosts = async (tenantId: number, ids: number[], present: number[]) => {
    for (const [i, id] of ids.entries())
      if (!present.includes(id) && !(await hasHost(tenantId, id)))
        throw invalid({ [`host_ids.${i}`]: [`There is no PBX host ${id}.`] })
  }

  const write = async <T>(work: (tx: RoutingTx) => Promise<T>): Promise<Committed<T>> => {
    try {
      return await store.transact(work)
    } catch (error) {
      if (!isUniqueViolation(error)) throw error
      throw new HubError(
        'conflict',
        'Another profile took one of these called numbers or PBX hosts meanwhile.',
        {
          cause: error,
        },
      )
    }
  }

  const lock = async (tx: RoutingTx, tenantId: number, id: number): Promise<Row> => {
    const rows = tx.db
      .selectFrom('profiles')
      .selectAll()
      .where('tenant_id', '=', tenantId)
      .where('id', '=', id)
    const row = await (tx.engine === 'postgres' ? rows.forUpdate() : rows).executeTakeFirst()
    if (!row) throw notFound('Profile')
    return row
  }

  return {
    list(tenantId, query) {
      const request = readListRequest(query, { sort: Object.keys(COLUMNS), filters: ['name'] })
      const { name } = request.filters
      const rows = name === undefined ? own(tenantId) : own(tenantId).where('name', '=', name)
      return readPage(rows, request, COLUMNS, (found) => found.map(toProfile))
    },
    async get(tenantId, id) {
      const row = await own(tenantId).where('id', '=', id).executeTakeFirst()
      if (!row) throw notFound('Profile')
      return toProfile(row)
    },
    async create(actor, input) {
      const { tenantId } = actor
      checkProfile(input, (text) => keyOf(tenantId, text))
      await checkHosts(tenantId, input.host_ids ?? [], [])
      return await write(async (tx) => {
        const now = clock.now()
        const { dnids = '[]', host_ids = '[]', holidays = '[]', rules = '[]', ...columns } = toColumns(input)
        const row = await tx.db
          .insertInto('profiles')
          .values({
            ...columns,
            name: input.name.trim(),
            dnids,
            host_ids,
            holidays,
            rules,
            tenant_id: tenantId,
            created_at: now,
            updated_at: now,
          })
          .returningAll()
          .executeTakeFirstOrThrow()
        await claim(tx, row)
        const act = { action: 'create', entity: 'profile', entityId: row.id } as const
        await recordAudit(tx, actor, { ...act, after: toProfile(row) })
        tx.changed(tenantId, 'profile', row.id)
        return toProfile(row)
      })
    },
    async update(actor, id, patch, condition = unconditional) {
      const { tenantId } = actor
      checkProfile(patch, (text) => keyOf(tenantId, text))
      if (patch.host_ids !== undefined)
        await checkHosts(tenantId, patch.host_ids, (await this.get(tenantId, id)).host_ids)
      return await write(async (tx) => {
        const before = await lock(tx, tenantId, id)
        condition(toProfile(before))
        const row = await tx.db
          .updateTable('profiles')
          .set({ ...toColumns(patch), updated_at: clock.now() })
          .where('tenant_id', '=', tenantId)
          .where('id', '=', id)
          .returningAll()
          .executeTakeFirstOrThrow()
        if (patch.dnids !== undefined || patch.host_ids !== undefined) await claim(tx, row)
        const act = { action: 'update', entity: 'profile', entityId: id } as const
        await recordAudit(tx, actor, { ...act, before: toProfile(before), after: toProfile(row) })
        tx.changed(tenantId, 'profile', id)
        return toProfile(row)
      })
    },
    async remove(actor, id, condition = unconditional) {
      return await write(async (tx) => {
        const before = await lock(tx, actor.tenantId, id)
        condition(toProfile(before))
        await tx.db
          .deleteFrom('profiles')
          .where('tenant_id', '=', actor.tenantId)
          .where('id', '=', id)
          .execute()
        const act = { action: 'delete', entity: 'profile', entityId: id } as const
        await recordAudit(tx, actor, { ...act, before: toProfile(before) })
        tx.changed(actor.tenantId, 'profile', id)
        return null
      })
    },
  }
}
