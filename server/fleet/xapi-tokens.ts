import { createHash, randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { sql, type Selectable } from 'kysely'
import { XapiError, type TokenStore } from '../../xapi/xapi.ts'
import { withoutReceipt } from '../platform/current-receipt.ts'
import { databaseNow } from '../platform/database/claiming.ts'
import type { Keyring } from '../platform/keyring.ts'
import type { XapiTokensTable } from './tables.ts'
import type { FleetStore, FleetTx } from './write.ts'

const TABLE = 'xapi_tokens'
const COLUMN = 'access_token'
/** A hub that dies while it fetches a token keeps the others waiting for this long at most. */
const LEASE_MS = 10_000
const RENEWED_MS = 3_000
/** The longest time to wait for others who fetch a token. */
const PATIENCE_MS = 60_000
const FIRST_LOOK_MS = 30
const LONGEST_LOOK_MS = 500
/** A client that nobody asked a token for all this time is in use no more. */
const FORGOTTEN_MS = 30 * 24 * 60 * 60_000

type Row = Selectable<XapiTokensTable>
/** The client whose tokens are meant: the tenant that uses it, and its secret. */
type Client = { tenantId: number; secret: string }

export function registerTokens(keyring: Keyring): void {
  keyring.register({ table: TABLE, column: COLUMN })
}

/**
 * Tokens in the store, so that all hubs on it use one and one at a time fetches the next: a PBX lets one token of an API client
 * live. Leases and instants are on the database's clock, which is the only one the hubs share.
 */
export function openTokenStore(store: FleetStore, keyring: Keyring): (client: Client) => TokenStore {
  const { engine } = store
  const now = databaseNow(engine)
  // Beside the request that happens to need a token: it is not what the request does.
  const transact = <T>(work: (tx: FleetTx) => Promise<T>) =>
    withoutReceipt(async () => (await store.transact(work)).value)

  const take = (tenantId: number, name: string, owner: string): Promise<boolean> =>
    transact(async ({ db }) => {
      const lease = { lease_owner: owner, lease_until: sql<number>`${now} + ${sql.lit(LEASE_MS)}` }
      const made = await db
        .insertInto(TABLE)
        .values({ tenant_id: tenantId, name, ...lease })
        .onConflict((conflict) => conflict.column('name').doNothing())
        .returning('id')
        .executeTakeFirst()
      if (made) {
        const forgotten = sql<number>`${now} - ${sql.lit(FORGOTTEN_MS)}`
        await db.deleteFrom(TABLE).where('lease_until', '<', forgotten).execute()
        return true
      }
      const taken = await db
        .updateTable(TABLE)
        .set(lease)
        .where('name', '=', name)
        .where((of) => of.or([of('lease_owner', 'is', null), of('lease_until', '<=', now)]))
        .executeTakeFirst()
      return taken.numUpdatedRows > 0n
    })

  const renew = (name: string, owner: string) =>
    store.write
      .updateTable(TABLE)
      .set({ lease_until: sql<number>`${now} + ${sql.lit(LEASE_MS)}` })
      .where('name', '=', name)
      .where('lease_owner', '=', owner)
      .execute()

  const giveBack = (name: string, owner: string) =>
    store.write
      .updateTable(TABLE)
      .set({ lease_owner: null })
      .where('name', '=', name)
      .where('lease_owner', '=', owner)
      .execute()

  return ({ tenantId, secret }) => {
    const nameOf = (key: string) => createHash('sha256').update(`${key}\n${secret}`).digest('hex')
    /** Under which lease this process is at work on a client, by name. */
    const owners = new Map<string, string>()
    return {
      async read(key) {
        const name = nameOf(key)
        const row = await store.read
          .selectFrom(TABLE)
          .selectAll()
          .select(now.as('now'))
          .where('name', '=', name)
          .executeTakeFirst()
        if (!row || row.credential === null) return null
        const here = (at: number) => at - row.now + Date.now()
        return {
          credential: row.credential,
          token: await openToken(keyring, row, here),
          refused:
            row.refused_until === null
              ? null
              : {
                  until: here(row.refused_until),
                  status: row.refused_status ?? 0,
                  message: row.refused_message ?? '',
                },
        }
      },
      async write(key, { credential, token, refused }) {
        const name = nameOf(key)
        const owner = owners.get(name) ?? ''
        const there = (at: number) => sql<number>`${now} + ${sql.lit(Math.round(at - Date.now()))}`
        await transact(async (tx) => {
          const row = await tx.db
            .selectFrom(TABLE)
            .select(['id', 'tenant_id'])
            .where('name', '=', name)
            .executeTakeFirst()
          if (!row) return
          const place = { tenantId: row.tenant_id, table: TABLE, rowId: row.id, column: COLUMN }
          await tx.db
            .updateTable(TABLE)
            .set({
              credential,
              access_token: token === null ? null : await keyring.seal(tx, place, token.accessToken),
              issued_at: token === null ? null : there(token.issuedAt),
              refresh_at: token === null ? null : there(token.refreshAt),
              expires_at: token === null ? null : there(token.expiresAt),
              refused_until: refused === null ? null : there(refused.until),
              refused_status: refused?.status ?? null,
              refused_message: refused?.message ?? null,
            })
            .where('id', '=', row.id)
            // Only under the lease: who lost it may hold a token that is dead already.
            .where('lease_owner', '=', owner)
            .execute()
        })
      },
      async withLease(key, work) {
        const name = nameOf(key)
        const owner = randomUUID()
        const giveUp = Date.now() + PATIENCE_MS
        for (let pause = FIRST_LOOK_MS; !(await take(tenantId, name, owner));) {
          if (Date.now() > giveUp) throw tooBusy()
          await wait(pause / 2 + (Math.random() * pause) / 2)
          pause = Math.min(LONGEST_LOOK_MS, pause * 2)
        }
        owners.set(name, owner)
        const beat = setInterval(() => void renew(name, owner).catch(() => {}), RENEWED_MS)
        try {
          return await work()
        } finally {
          clearInterval(beat)
          // Otherwise it runs out by itself.
          await giveBack(name, owner).catch(() => {})
        }
      },
    }
  }
}

async function openToken(keyring: Keyring, row: Row, here: (at: number) => number) {
  const { access_token, issued_at, refresh_at, expires_at } = row
  if (access_token === null || issued_at === null || refresh_at === null || expires_at === null) return null
  const place = { tenantId: row.tenant_id, table: TABLE, rowId: row.id, column: COLUMN }
  // One that cannot be opened any more is fetched anew.
  const accessToken = await keyring.open(place, access_token).catch(() => null)
  if (accessToken === null) return null
  return {
    accessToken,
    issuedAt: here(issued_at),
    refreshAt: here(refresh_at),
    expiresAt: here(expires_at),
  }
}

const tooBusy = () =>
  new XapiError('timeout', 'Others have been fetching a token of this PBX for a minute.', {
    operation: 'token',
    reason: 'head',
  })
