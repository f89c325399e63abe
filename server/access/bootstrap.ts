import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../platform/clock.ts'
import { lockForTransaction } from '../platform/database/engine.ts'
import { toJson } from '../platform/database/json.ts'
import type { Store, Tx } from '../platform/database/store.ts'
import type { AccessTables } from './tables.ts'
import { hashToken, newTokenSecret, tokenHint } from './token-secret.ts'

export type BootstrapOptions = {
  store: Store<AccessTables>
  clock: Clock
  dataDir: string
  /** `CORDBOARD_ADMIN_TOKEN`, when set. */
  adminToken: string | null
  country: string | null
  timeZone: string | null
}

/** Where the first token is: its file, or null when the operator gave it or keeps it elsewhere. */
export type Bootstrapped = { tokenFile: string | null; operatorTenantId: number }

/**
 * Makes sure that there is an operator's tenant and a token to begin with. Idempotent: an existing token file is
 * taken as it is, a changed CORDBOARD_ADMIN_TOKEN replaces the one before, and a revoked one stays revoked unless
 * the operator gives it by CORDBOARD_ADMIN_TOKEN.
 */
export async function bootstrap(options: BootstrapOptions): Promise<Bootstrapped> {
  const { store, clock, adminToken, dataDir } = options
  const file = join(dataDir, 'admin-token')
  const inFile = adminToken === null ? await readTokenFile(file) : null
  const { value } = await store.transact(async (tx) => {
    await lockForTransaction(tx.engine, tx.db as never, 'bootstrap')
    const tenantId = await operatorTenant(tx, options)
    const existing = await tx.db
      .selectFrom('tokens')
      .selectAll()
      .where('bootstrap', '=', 1)
      .executeTakeFirst()
    // A file that holds another secret is left over from another store: it does not replace the token of this one.
    const ownFile = inFile !== null && (!existing || existing.hash === hashToken(inFile)) ? inFile : null
    const given = adminToken ?? ownFile
    if (existing && given === null) return { operatorTenantId: tenantId, tokenFile: null }
    const secret = given ?? newTokenSecret()
    const sameAsStored = existing?.hash === hashToken(secret)
    const live = existing?.revoked_at === null || adminToken === null
    if (!sameAsStored || !live) await putToken(tx, tenantId, secret, existing?.id ?? null, clock.now())
    // Written before the commit: a token that nobody was told would lock everybody out.
    if (given === null) await writeFile(file, `${secret}\n`, { mode: 0o600, flag: 'wx' })
    return { operatorTenantId: tenantId, tokenFile: adminToken === null ? file : null }
  })
  return value
}

async function putToken(
  tx: Tx<AccessTables>,
  tenantId: number,
  secret: string,
  id: number | null,
  now: number,
): Promise<void> {
  const identity = { hash: hashToken(secret), hint: tokenHint(secret), revoked_at: null, updated_at: now }
  if (id !== null) {
    await tx.db.updateTable('tokens').set(identity).where('id', '=', id).execute()
    return tx.changed(tenantId, 'token', id)
  }
  const blank = {
    address_list: null,
    dialects: null,
    profile_id: null,
    host_id: null,
    expires_at: null,
    last_used_at: null,
  }
  const fixed = {
    kind: 'api',
    name: 'bootstrap',
    scopes: toJson(['admin']),
    bootstrap: 1,
    clear_secrets: 0,
    created_at: now,
  } as const
  const row = await tx.db
    .insertInto('tokens')
    .values({ ...identity, ...blank, ...fixed, tenant_id: tenantId })
    .returning('id')
    .executeTakeFirstOrThrow()
  tx.changed(tenantId, 'token', row.id)
}

async function readTokenFile(file: string): Promise<string | null> {
  try {
    const text = (await readFile(file, 'utf8')).trim()
    return text === '' ? null : text
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

async function operatorTenant(
  tx: Tx<AccessTables>,
  { clock, country, timeZone }: BootstrapOptions,
): Promise<number> {
  const found = await tx.db
    .selectFrom('tenants')
    .select('id')
    .where('parent_id', 'is', null)
    .executeTakeFirst()
  if (found) {
    // Whatever closed it: without an operator nobody could open anything again.
    const reopened = await tx.db
      .updateTable('tenants')
      .set({ active: 1 })
      .where('id', '=', found.id)
      .where('active', '=', 0)
      .executeTakeFirst()
    if (reopened.numUpdatedRows > 0n) tx.changed(found.id, 'tenant', found.id)
    return found.id
  }
  const now = clock.now()
  const settings = { country, time_zone: timeZone, match_tail: 0, match_switchboard: 0, active: 1 } as const
  const row = await tx.db
    .insertInto('tenants')
    .values({ ...settings, parent_id: null, name: 'Operator', created_at: now, updated_at: now })
    .returning('id')
    .executeTakeFirstOrThrow()
  tx.changed(row.id, 'tenant', row.id)
  return row.id
}
