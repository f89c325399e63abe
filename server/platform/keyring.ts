import type { Page } from '../../contract/common.ts'
import type { Key, Rotation, SecretsState } from '../../contract/keys.ts'
import type { Actor } from './audit.ts'
import type { Clock } from './clock.ts'
import type { Store, Tx } from './database/store.ts'
import { openDataKeys, systemActor, UNAVAILABLE, type KeyringTables } from './data-keys.ts'
import { isRotating, openWith, rotateKeys } from './key-rotation.ts'
import { readListRequest, readPage } from './listing.ts'
import type { Log } from './log.ts'
import { readMasterKey } from './master-key.ts'
import { sealText, type SecretPlace } from './secret-box.ts'
import { countByKey, type SealedColumn } from './sealed-columns.ts'

export type { KeyringTables } from './data-keys.ts'
export type { SealedColumn } from './sealed-columns.ts'
export type { SecretPlace } from './secret-box.ts'

export type Keyring = {
  /** Names a column that holds sealed values, so that rotation walks it. Rooms do it as they open, before `start`. */
  register(column: SealedColumn): void
  /**
   * Seals text for its place, in the transaction that writes it there: a new row is inserted first and sealed for by its
   * id. HubError `secret_key_required`, `secret_key_missing`, `secret_key_wrong`; then nothing is stored.
   */
  seal<Tables>(tx: Tx<Tables>, place: SecretPlace, text: string): Promise<string>
  /**
   * The text again, from memory but for a key that another hub has made since. HubError `secret_unreadable` (changed, or
   * sealed for another place), `secret_key_unknown`, `secret_key_missing`, `secret_key_wrong`. Not inside a transaction.
   */
  open(place: SecretPlace, sealed: string): Promise<string>
  /** Whether secrets can be stored and read, as it was last seen. */
  state(): SecretsState
  /**
   * Checks the master key, wraps the data keys anew when it was changed, says in the log what is wrong, and goes on with
   * a rotation that was interrupted. Secrets that cannot be had are no reason not to start. `tenantId`: for the audit.
   */
  start(tenantId: number): Promise<void>
  /**
   * Wraps the data keys anew if the stored check fails under `secretKey` and passes under `secretKeyOld`; answers how
   * many. HubError `secret_key_wrong` when it passes under neither.
   */
  rewrap(tenantId: number): Promise<number>
  /** The data keys and how many values each protects. */
  list(query: Record<string, unknown>): Promise<Page<Key>>
  /** Replaces the data key and seals every value anew; see `rotateKeys`. Joins a rotation that this hub is busy with. */
  rotate(actor: Actor): Promise<Rotation>
  /** Stops a rotation between two batches. */
  close(): Promise<void>
}

export type KeyringOptions = {
  store: Store<KeyringTables>
  clock: Clock
  log: Log
  /** `CORDBOARD_SECRET_KEY` and `CORDBOARD_SECRET_KEY_OLD`, as `readMasterKey` takes them. */
  secretKey: string | null
  secretKeyOld: string | null
  /** On SQLite without `secretKey` the key is the file `secret.key` in here, made when the first secret is stored. */
  dataDirectory: string
}

const COLUMNS = { id: 'id', created_at: 'created_at' }

/** What seals secrets at rest: AES-256-GCM under data keys, which are stored wrapped under one master key. */
export function openKeyring({ store, clock, log, ...given }: KeyringOptions): Keyring {
  const keys = openDataKeys({
    store,
    clock,
    masterKey: given.secretKey === null ? null : readMasterKey(given.secretKey),
    oldMasterKey: given.secretKeyOld === null ? null : readMasterKey(given.secretKeyOld),
    dataDirectory: given.dataDirectory,
  })
  const columns: SealedColumn[] = []
  const closing = new AbortController()
  let rotation: Promise<Rotation> | null = null

  const rotate = (actor: Actor): Promise<Rotation> => {
    rotation ??= rotateKeys({ store, keys, columns, clock, log, signal: closing.signal }, actor)
      .then((done) => {
        log.info(done.finished ? 'the data key was replaced' : 'a rotation was interrupted', { ...done })
        return done
      })
      .finally(() => (rotation = null))
    return rotation
  }

  const rewrap = (tenantId: number) => keys.rewrap(systemActor(tenantId))

  const rewrapIfChanged = async (tenantId: number): Promise<void> => {
    const rewrapped = await rewrap(tenantId)
    if (rewrapped > 0) log.info('the data keys are wrapped under the new master key', { rewrapped })
    log.info('CORDBOARD_SECRET_KEY_OLD is no longer needed')
    await keys.inspect()
  }

  return {
    register({ table, column }) {
      if (!columns.some((one) => one.table === table && one.column === column))
        columns.push({ table, column })
    },
    async seal(tx, place, text) {
      const { id, key } = await keys.current(tx as never, place.tenantId)
      return sealText(id, key, place, text)
    },
    open: (place, sealed) => openWith(keys, place, sealed),
    state: keys.state,
    async start(tenantId) {
      let state = await keys.inspect()
      if (given.secretKeyOld !== null) {
        await rewrapIfChanged(tenantId).catch((error: unknown) =>
          log.error('the data keys could not be wrapped under the new master key', { error }),
        )
        state = keys.state()
      }
      if (state === 'key_missing' || state === 'key_wrong') log.error(UNAVAILABLE[state], { secrets: state })
      if (state === 'available' && (await isRotating(store))) {
        rotate(systemActor(tenantId)).catch((error: unknown) =>
          log.error('the rotation of the data key could not go on', { error }),
        )
      }
    },
    rewrap,
    async list(query) {
      const request = readListRequest(query, { sort: Object.keys(COLUMNS), filters: [] })
      return readPage(store.read.selectFrom('secret_keys').selectAll(), request, COLUMNS, async (rows) => {
        const counts = await Promise.all(columns.map((column) => countByKey(store.read as never, column)))
        return rows.map((row) => ({
          id: row.id,
          state: row.state,
          values: counts.reduce((sum, byKey) => sum + (byKey.get(row.id) ?? 0), 0),
          created_at: new Date(row.created_at).toISOString(),
          retired_at: row.retired_at === null ? null : new Date(row.retired_at).toISOString(),
        }))
      })
    },
    rotate,
    async close() {
      closing.abort()
      await rotation?.catch(() => {})
    },
  }
}
