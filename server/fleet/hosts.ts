import { randomInt } from 'node:crypto'
import { sql, type Selectable } from 'kysely'
import type { Page } from '../../contract/common.ts'
import type { Host, HostInput, HostPatch } from '../../contract/pbx3cx-hosts.ts'
import { recordAudit, type Actor } from '../platform/audit.ts'
import type { Committed } from '../platform/committed.ts'
import { isOneOf } from '../platform/database/engine.ts'
import { unconditional, type Condition } from '../platform/etag.ts'
import { invalid, notFound } from '../platform/errors.ts'
import { openFieldCheck } from '../platform/field-check.ts'
import type { Keyring } from '../platform/keyring.ts'
import { readPage, type ListRequest } from '../platform/listing.ts'
import { storable } from '../platform/storable.ts'
import { writeDepartments } from './departments.ts'
import { HOST_DEFAULTS, toHostColumns } from './host-fields.ts'
import { readSecrets, sealSecrets } from './host-secrets.ts'
import { toHost } from './host-shape.ts'
import type { PbxHostsTable } from './tables.ts'
import { stampAfter, write, type FleetDeps, type FleetStore, type FleetTx, type Reach } from './write.ts'

/** What the list of hosts is narrowed to; undefined = not asked for. */
export type HostFilters = {
  customer_id?: number | undefined
  customer_file_id?: number | undefined
  /** With `fileable_type`, as a customer file names whose it is. */
  fileable_id?: number | undefined
  fileable_type?: string | undefined
}

/** What `/api/v1/pbx3cx-hosts` does; the actor's tenant is the one written to. */
export type Hosts = {
  list(reach: Reach, filters: HostFilters, request: ListRequest): Promise<Page<Host>>
  get(reach: Reach, id: number): Promise<Host>
  /** By its id or its code. HubError `not_found`. */
  find(reach: Reach, named: string): Promise<Host>
  create(actor: Actor, input: HostInput): Promise<Committed<Host>>
  update(actor: Actor, id: number, patch: HostPatch, condition?: Condition): Promise<Committed<Host>>
  /** With its audits, records and calls. */
  remove(actor: Actor, id: number, condition?: Condition): Promise<Committed<null>>
}

export const HOST_COLUMNS = {
  id: 'id',
  host_name: 'host_name',
  created_at: 'created_at',
  last_seen_at: 'last_seen_at',
}

const CODE_SIGNS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
/** Sixty random bits in signs that nobody takes for another: no host has that of another one. */
const newCode = () => `PBX-${Array.from({ length: 12 }, () => CODE_SIGNS[randomInt(32)]).join('')}`

/** `App\Customer`, `customer` and the like: files are of customers here. */
const isOfCustomers = (type: string) => /(^|\\)customer$/i.test(type)

/** Reads a host of the tenant that is about to be changed, and keeps others from changing it meanwhile. */
export async function lockHost(
  tx: FleetTx,
  tenantId: number,
  id: number,
): Promise<Selectable<PbxHostsTable>> {
  const rows = tx.db
    .selectFrom('pbx_hosts')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('id', '=', id)
  const row = await (tx.engine === 'postgres' ? rows.forUpdate() : rows).executeTakeFirst()
  if (!row) throw notFound('PBX host')
  return row
}

/** The row of a host that may be seen; HubError `not_found`. */
export async function readHost(
  store: FleetStore,
  { tenantId, hostId }: Reach,
  id: number,
): Promise<Selectable<PbxHostsTable>> {
  const row =
    hostId !== null && hostId !== id
      ? undefined
      : await store.read
          .selectFrom('pbx_hosts')
          .selectAll()
          .where('tenant_id', '=', tenantId)
          .where('id', '=', id)
          .executeTakeFirst()
  if (!row) throw notFound('PBX host')
  return row
}

/** The id of a host within reach, by its id or its `code`; HubError `not_found`. */
export async function hostIdOf(
  store: FleetStore,
  { tenantId, hostId }: Reach,
  name: string,
): Promise<number> {
  const rows = store.read.selectFrom('pbx_hosts').select('id').where('tenant_id', '=', tenantId)
  const isId = /^\d{1,15}$/.test(name)
  const row = await rows.where(isId ? 'id' : 'code', '=', isId ? Number(name) : name).executeTakeFirst()
  if (!row || (hostId !== null && hostId !== row.id)) throw notFound('PBX host')
  return row.id
}

function checkPin({ tls_mode, tls_fingerprint }: { tls_mode: string; tls_fingerprint: string | null }): void {
  if (tls_mode === 'pinned' && tls_fingerprint === null)
    throw invalid({ tls_fingerprint: ['Is needed to pin the certificate.'] })
}

export function openHosts(
  store: FleetStore,
  { clock, filesOf, hasFile }: FleetDeps,
  keyring: Keyring,
): Hosts {
  const checkFile = async (tenantId: number, id: number | null | undefined) => {
    if (id && !(await hasFile(tenantId, id)))
      throw invalid({ customer_file_id: [`There is no customer file ${id}.`] })
  }
  return {
    async list({ tenantId, hostId }, filters, request) {
      const { customer_id, customer_file_id, fileable_id, fileable_type } = filters
      if ((fileable_id === undefined) !== (fileable_type === undefined))
        throw invalid({ fileable_id: ['Goes together with fileable_type.'] })
      let rows = store.read.selectFrom('pbx_hosts').selectAll().where('tenant_id', '=', tenantId)
      if (hostId !== null) rows = rows.where('id', '=', hostId)
      if (customer_file_id !== undefined) rows = rows.where('customer_file_id', '=', customer_file_id)
      if (fileable_type !== undefined && !isOfCustomers(fileable_type)) rows = rows.where(sql<boolean>`1 = 0`)
      for (const customer of new Set([customer_id, fileable_id])) {
        if (customer === undefined) continue
        const files = await filesOf(tenantId, customer)
        rows = rows.where(isOneOf(store.engine, 'customer_file_id', files, 'bigint'))
      }
      return readPage(rows, request, HOST_COLUMNS, (found) => found.map(toHost))
    },
    get: async (reach, id) => toHost(await readHost(store, reach, id)),
    async find(reach, named) {
      if (/^[1-9]\d{0,14}$/.test(named)) return toHost(await readHost(store, reach, Number(named)))
      const row = await store.read
        .selectFrom('pbx_hosts')
        .select('id')
        .where('tenant_id', '=', reach.tenantId)
        .where('code', '=', storable(named))
        .executeTakeFirst()
      if (!row) throw notFound('PBX host')
      return toHost(await readHost(store, reach, row.id))
    },
    async create(actor, input) {
      const check = openFieldCheck()
      const columns = toHostColumns(input, check)
      const secrets = readSecrets(input, null, check)
      check.done()
      await checkFile(actor.tenantId, columns.customer_file_id)
      return write(store, async (tx) => {
        const now = clock.now()
        const given = Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined))
        const made = await tx.db
          .insertInto('pbx_hosts')
          .values({
            ...HOST_DEFAULTS,
            ...given,
            host_name: columns.host_name ?? input.host_name,
            tenant_id: actor.tenantId,
            code: newCode(),
            created_at: now,
            updated_at: now,
          })
          .returningAll()
          .executeTakeFirstOrThrow()
        checkPin(made)
        const sealed = await sealSecrets(keyring, tx, { tenantId: actor.tenantId, id: made.id }, secrets)
        if (Object.keys(sealed).length > 0)
          await tx.db.updateTable('pbx_hosts').set(sealed).where('id', '=', made.id).execute()
        if (made.pbx_map !== null) await writeDepartments(tx, made, made.pbx_map)
        const after = toHost({ ...made, ...sealed })
        await recordAudit(tx, actor, { action: 'create', entity: 'pbx_host', entityId: made.id, after })
        tx.changed(actor.tenantId, 'pbx_host', made.id)
        return after
      })
    },
    async update(actor, id, patch, condition = unconditional) {
      const check = openFieldCheck()
      const columns = toHostColumns(patch, check)
      await checkFile(actor.tenantId, columns.customer_file_id)
      return write(store, async (tx) => {
        const row = await lockHost(tx, actor.tenantId, id)
        const before = toHost(row)
        condition(before)
        const secrets = readSecrets(patch, row, check)
        check.done()
        const sealed = await sealSecrets(keyring, tx, { tenantId: actor.tenantId, id }, secrets)
        // Written back as it was read, a map that the hub built is still the hub's.
        const hasNewMap = columns.pbx_map !== undefined && columns.pbx_map !== row.pbx_map
        const changed = await tx.db
          .updateTable('pbx_hosts')
          .set({
            ...columns,
            ...sealed,
            ...(hasNewMap ? { pbx_map_built_at: null, pbx_map_tried_at: null } : {}),
            updated_at: stampAfter(row, clock),
          })
          .where('tenant_id', '=', actor.tenantId)
          .where('id', '=', id)
          .returningAll()
          .executeTakeFirstOrThrow()
        checkPin(changed)
        if (hasNewMap) await writeDepartments(tx, changed, changed.pbx_map)
        const after = toHost(changed)
        // A changed secret shows in no mask.
        const told = { ...after, secrets_changed: Object.keys(secrets) }
        await recordAudit(tx, actor, {
          action: 'update',
          entity: 'pbx_host',
          entityId: id,
          before,
          after: told,
        })
        tx.changed(actor.tenantId, 'pbx_host', id)
        return after
      })
    },
    async remove(actor, id, condition = unconditional) {
      return write(store, async (tx) => {
        const before = toHost(await lockHost(tx, actor.tenantId, id))
        condition(before)
        await tx.db
          .deleteFrom('pbx_hosts')
          .where('tenant_id', '=', actor.tenantId)
          .where('id', '=', id)
          .execute()
        await recordAudit(tx, actor, { action: 'delete', entity: 'pbx_host', entityId: id, before })
        tx.changed(actor.tenantId, 'pbx_host', id)
        return null
      })
    },
  }
}
