import type { KeyObject } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { SecretsState } from '../../contract/keys.ts'
import { recordAudit, type Actor, type AuditTables } from './audit.ts'
import type { Clock } from './clock.ts'
import { lockForTransaction, shareLockForTransaction } from './database/engine.ts'
import type { Store, Tx } from './database/store.ts'
import { HubError } from './errors.ts'
import { makeKeyFile, newSalt, readKeyFile, type MasterKey } from './master-key.ts'
import { isProvenBy, newKey, newKeyId, proveKey, unwrapKey, wrapKey } from './secret-box.ts'

export type SecretKeysTable = {
  id: string
  wrapped: string
  state: 'current' | 'retiring' | 'retired'
  created_at: number
  retired_at: number | null
}
type SecretKeyCheckTable = { id: number; salt: string; proof: string; written_at: number }
export type KeyringTables = {
  secret_keys: SecretKeysTable
  secret_key_check: SecretKeyCheckTable
} & AuditTables

export type DataKey = { id: string; key: KeyObject }
export type KeyringTx = Tx<KeyringTables>

export type DataKeysOptions = {
  store: Store<KeyringTables>
  clock: Clock
  /** `CORDBOARD_SECRET_KEY`; null: the file in the data directory, on SQLite. */
  masterKey: MasterKey | null
  /** `CORDBOARD_SECRET_KEY_OLD`. */
  oldMasterKey: MasterKey | null
  dataDirectory: string
}

export type DataKeys = {
  /** Whether secrets can be stored and read, as it was last seen. */
  state(): SecretsState
  /**
   * The key that seals in this transaction; made if there is none. Until the transaction ends no rotation begins, so what
   * it seals is there for a rotation's walk to find.
   */
  current(tx: KeyringTx, tenantId: number): Promise<DataKey>
  /** From memory, else from the store. HubError `secret_key_unknown`, `secret_key_missing`, `secret_key_wrong`. */
  byId(id: string): Promise<KeyObject>
  /** In a transaction that no sealing one runs beside: the current key becomes a retiring one and a new one is made. */
  replace(tx: KeyringTx, actor: Actor): Promise<DataKey>
  /** Looks whether the master key is the right one and takes the data keys into memory. Sets the state, never throws for it. */
  inspect(): Promise<SecretsState>
  /** Wraps the data keys anew if the stored check fails under the master key and passes under the old one; how many. */
  rewrap(actor: Actor): Promise<number>
}

type Unavailable = Exclude<SecretsState, 'available'>

export const UNAVAILABLE: Readonly<Record<Unavailable, string>> = {
  key_required:
    'With PostgreSQL, secrets are stored only under a key of your own: set CORDBOARD_SECRET_KEY (openssl rand -base64 32) to the same value on every hub, keep a copy of it, and start again.',
  key_missing:
    'There are stored secrets but no key to open them: set CORDBOARD_SECRET_KEY, or put the file secret.key back into the data directory, and start again. Nothing was changed.',
  key_wrong:
    'The key is not the one under which secrets are stored here: start again with the right CORDBOARD_SECRET_KEY or secret.key; to change it, give the one before as CORDBOARD_SECRET_KEY_OLD. Nothing was changed.',
}

/** Held by whoever changes which key is current, shared by whoever seals under it. */
const KEYRING_LOCK = 'keyring'
const FIRST_KEY_LOCK = 'first data key'

/** The data keys of a store: wrapped in a table, open in memory. */
export function openDataKeys(options: DataKeysOptions): DataKeys {
  const { store, clock, oldMasterKey, dataDirectory } = options
  const hasFile = store.engine === 'sqlite'
  // Ids never come again, not even after a rollback, so what is in here once is right for ever.
  const known = new Map<string, KeyObject>()
  let state: SecretsState = 'available'

  const unavailable = (why: Unavailable) => {
    state = why
    return new HubError(`secret_${why}`, UNAVAILABLE[why])
  }

  const masterKey = async (): Promise<MasterKey | null> => {
    if (options.masterKey || !hasFile) return options.masterKey
    try {
      return await readKeyFile(dataDirectory)
    } catch (error) {
      state = 'key_wrong'
      throw error
    }
  }

  const readCheck = (db: Kysely<KeyringTables>) =>
    db.selectFrom('secret_key_check').selectAll().executeTakeFirst()

  /** The master key, proven to be the one under which keys are wrapped here. */
  const unlock = async (check: SecretKeyCheckTable): Promise<KeyObject> => {
    const given = await masterKey()
    if (given === null) throw unavailable('key_missing')
    const master = await given.withSalt(check.salt)
    if (!isProvenBy(master, check.proof)) throw unavailable('key_wrong')
    state = 'available'
    return master
  }

  /** The master key from now on: leaves the proof by which any other one will be refused. */
  const adopt = async ({ db }: KeyringTx): Promise<KeyObject> => {
    // Keys whose check is gone are still somebody's: a second master key beside theirs would take them away for good.
    if (await db.selectFrom('secret_keys').select('id').limit(1).executeTakeFirst())
      throw unavailable('key_missing')
    const given = (await masterKey()) ?? (hasFile ? await makeKeyFile(dataDirectory) : null)
    if (given === null) throw unavailable('key_required')
    const salt = newSalt()
    const master = await given.withSalt(salt)
    const row = { id: 1, salt, proof: proveKey(master), written_at: clock.now() }
    await db.insertInto('secret_key_check').values(row).execute()
    state = 'available'
    return master
  }

  const make = async (tx: KeyringTx, actor: Actor): Promise<DataKey> => {
    const check = await readCheck(tx.db)
    const master = check ? await unlock(check) : await adopt(tx)
    const made = { id: newKeyId(), key: newKey() }
    await tx.db
      .insertInto('secret_keys')
      .values({
        id: made.id,
        wrapped: wrapKey(master, made.id, made.key),
        state: 'current',
        created_at: clock.now(),
        retired_at: null,
      })
      .execute()
    await recordAudit(tx, actor, {
      action: 'create',
      entity: 'secret_key',
      entityId: null,
      after: { id: made.id },
    })
    known.set(made.id, made.key)
    return made
  }

  const unwrap = async (
    db: Kysely<KeyringTables>,
    { id, wrapped }: Pick<SecretKeysTable, 'id' | 'wrapped'>,
  ): Promise<KeyObject> => {
    const kept = known.get(id)
    if (kept) return kept
    const check = await readCheck(db)
    if (!check) throw unavailable('key_missing')
    const key = unwrapKey(await unlock(check), id, wrapped)
    if (!key) throw new HubError('secret_unreadable', `The stored data key ${id} is damaged.`)
    known.set(id, key)
    return key
  }

  const readCurrent = ({ db }: KeyringTx) =>
    db.selectFrom('secret_keys').select(['id', 'wrapped']).where('state', '=', 'current').executeTakeFirst()

  return {
    state: () => state,
    async current(tx, tenantId) {
      await shareLockForTransaction(tx.engine, tx.db as never, KEYRING_LOCK)
      let row = await readCurrent(tx)
      if (!row) {
        await lockForTransaction(tx.engine, tx.db as never, FIRST_KEY_LOCK)
        row = await readCurrent(tx)
      }
      if (row) return { id: row.id, key: await unwrap(tx.db, row) }
      return make(tx, systemActor(tenantId))
    },
    async byId(id) {
      const kept = known.get(id)
      if (kept) return kept
      const row = await store.read
        .selectFrom('secret_keys')
        .select(['id', 'wrapped'])
        .where('id', '=', id)
        .executeTakeFirst()
      if (!row) {
        throw new HubError(
          'secret_key_unknown',
          `A stored secret needs the data key ${id}, which is not here.`,
        )
      }
      return unwrap(store.read, row)
    },
    async replace(tx, actor) {
      await tx.db
        .updateTable('secret_keys')
        .set({ state: 'retiring' })
        .where('state', '=', 'current')
        .execute()
      return make(tx, actor)
    },
    async inspect() {
      try {
        const check = await readCheck(store.read)
        if (check) {
          await unlock(check)
          const rows = await store.read.selectFrom('secret_keys').select(['id', 'wrapped']).execute()
          for (const row of rows) await unwrap(store.read, row)
        } else {
          const given = await masterKey()
          state = given === null && !hasFile ? 'key_required' : 'available'
        }
      } catch (error) {
        if (!(error instanceof HubError) || !error.code.startsWith('secret_')) throw error
      }
      return state
    },
    async rewrap(actor) {
      const { value } = await store.transact(async (tx) => {
        await lockForTransaction(tx.engine, tx.db as never, KEYRING_LOCK)
        const [check, given] = [await readCheck(tx.db), await masterKey()]
        if (!check || !given || !oldMasterKey) return 0
        if (isProvenBy(await given.withSalt(check.salt), check.proof)) return 0
        const old = await oldMasterKey.withSalt(check.salt)
        if (!isProvenBy(old, check.proof)) throw unavailable('key_wrong')
        const salt = newSalt()
        const master = await given.withSalt(salt)
        const rows = await tx.db.selectFrom('secret_keys').select(['id', 'wrapped']).execute()
        for (const { id, wrapped } of rows) {
          const key = unwrapKey(old, id, wrapped)
          if (!key) throw new HubError('secret_unreadable', `The stored data key ${id} is damaged.`)
          await tx.db
            .updateTable('secret_keys')
            .set({ wrapped: wrapKey(master, id, key) })
            .where('id', '=', id)
            .execute()
        }
        const proof = { salt, proof: proveKey(master), written_at: clock.now() }
        await tx.db.updateTable('secret_key_check').set(proof).where('id', '=', 1).execute()
        const after = { rewrapped: rows.map(({ id }) => id) }
        await recordAudit(tx, actor, { action: 'update', entity: 'secret_key', entityId: null, after })
        return rows.length
      })
      return value
    },
  }
}

/** Keeps sealing transactions out: what they sealed is committed when this returns, and what follows sees the new key. */
export function holdKeyring(tx: KeyringTx): Promise<void> {
  return lockForTransaction(tx.engine, tx.db as never, KEYRING_LOCK)
}

/** The hub itself, acting in a tenant: what it does on its own has nobody to name. */
export function systemActor(tenantId: number): Actor {
  return { kind: 'system', id: null, name: 'keyring', tenantId, requestId: null, address: null }
}
