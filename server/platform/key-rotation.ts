import type { Rotation } from '../../contract/keys.ts'
import { recordAudit, type Actor } from './audit.ts'
import type { Clock } from './clock.ts'
import type { Store } from './database/store.ts'
import { holdKeyring, type DataKeys, type KeyringTables } from './data-keys.ts'
import { HubError } from './errors.ts'
import type { Log } from './log.ts'
import { keyIdOf, openText, sealText, type SecretPlace } from './secret-box.ts'
import { readSealedUnderOthers, replaceSealed, type SealedColumn, type SealedRow } from './sealed-columns.ts'

/** Values sealed anew in one transaction: few enough that a writer of the same rows hardly notices. */
const BATCH_ROWS = 100
const ATTEMPTS = 5

export type RotationOptions = {
  store: Store<KeyringTables>
  keys: DataKeys
  columns: readonly SealedColumn[]
  clock: Clock
  log: Log
  /** Aborted: stops between two batches. */
  signal: AbortSignal
}

/**
 * Makes a new data key, seals every value of the columns anew under it, then retires the keys before it. A rotation that
 * was interrupted is gone on with instead of begun again. Reading and writing go on: old keys still open, and from the
 * moment the new key is there, nothing is sealed under another.
 */
export async function rotateKeys(options: RotationOptions, actor: Actor): Promise<Rotation> {
  const { store, keys, columns, signal } = options
  const { key, retiring } = await beginRotation(store, keys, actor)
  let [rewritten, unreadable] = [0, 0]
  for (const column of columns) {
    for (let after = 0; ;) {
      if (signal.aborted) return { key, retired: [], rewritten, unreadable, finished: false }
      const rows = await readSealedUnderOthers(store.read as never, column, {
        keyId: key,
        after,
        limit: BATCH_ROWS,
      })
      const last = rows.at(-1)
      if (!last) break
      const readable = await openRows(options, column, rows)
      unreadable += rows.length - readable.length
      rewritten += await sealAnew(options, column, readable)
      after = last.id
    }
  }
  await retire(options, actor, retiring)
  return { key, retired: retiring, rewritten, unreadable, finished: true }
}

/** Whether a rotation was begun and not ended. */
export async function isRotating(store: Store<KeyringTables>): Promise<boolean> {
  const retiring = store.read.selectFrom('secret_keys').select('id').where('state', '=', 'retiring')
  return (await retiring.limit(1).execute()).length > 0
}

async function beginRotation(
  store: Store<KeyringTables>,
  keys: DataKeys,
  actor: Actor,
): Promise<{ key: string; retiring: string[] }> {
  const { value } = await store.transact(async (tx) => {
    await holdKeyring(tx)
    const idsOf = async (state: 'current' | 'retiring') => {
      const rows = await tx.db.selectFrom('secret_keys').select('id').where('state', '=', state).execute()
      return rows.map(({ id }) => id)
    }
    const [current] = await idsOf('current')
    const retiring = await idsOf('retiring')
    if (current !== undefined && retiring.length > 0) return { key: current, retiring }
    const { id } = await keys.replace(tx, actor)
    return { key: id, retiring: await idsOf('retiring') }
  })
  return value
}

type OpenRow = { row: SealedRow; place: SecretPlace; text: string }

/** A value that no key opens is left as it is: it is lost already, and nothing may make it look sound. */
async function openRows(
  { keys, log }: RotationOptions,
  { table, column }: SealedColumn,
  rows: SealedRow[],
): Promise<OpenRow[]> {
  const opened: OpenRow[] = []
  for (const row of rows) {
    const place = { tenantId: row.tenant_id, table, rowId: row.id, column }
    const text = await openWith(keys, place, row.sealed).catch((error: unknown) => {
      if (isLost(error)) return null
      throw error
    })
    if (text === null) log.error('a stored secret cannot be opened by any key', { ...place })
    else opened.push({ row, place, text })
  }
  return opened
}

const isLost = (error: unknown): boolean =>
  error instanceof HubError && (error.code === 'secret_unreadable' || error.code === 'secret_key_unknown')

/** The secret of a place. HubError: see `Keyring.open`. */
export async function openWith(keys: DataKeys, place: SecretPlace, sealed: string): Promise<string> {
  const keyId = keyIdOf(sealed)
  const text = keyId === null ? null : openText(keyId, await keys.byId(keyId), place, sealed)
  if (text !== null) return text
  throw new HubError(
    'secret_unreadable',
    `The secret in ${place.table}.${place.column} of row ${place.rowId} was changed or moved from another place: enter it again.`,
  )
}

async function sealAnew(
  { store, keys }: RotationOptions,
  column: SealedColumn,
  rows: OpenRow[],
): Promise<number> {
  const [first] = rows
  if (!first) return 0
  for (let attempt = 1; ; attempt++) {
    try {
      const { value } = await store.transact(async (tx) => {
        const { id, key } = await keys.current(tx, first.place.tenantId)
        let written = 0
        for (const { row, place, text } of rows) {
          if (await replaceSealed(tx.db as never, column, row, sealText(id, key, place, text))) written++
        }
        return written
      })
      return value
    } catch (error) {
      if (attempt === ATTEMPTS || !isDeadlock(error)) throw error
    }
  }
}

/** A writer that holds several of these rows and ours may wait for each other; PostgreSQL then ends one of the two. */
function isDeadlock(error: unknown): boolean {
  const { code } = error as { code?: unknown }
  return code === '40P01' || code === '40001'
}

async function retire({ store, clock }: RotationOptions, actor: Actor, ids: string[]): Promise<void> {
  await store.transact(async (tx) => {
    for (const id of ids) {
      const done = await tx.db
        .updateTable('secret_keys')
        .set({ state: 'retired', retired_at: clock.now() })
        .where('id', '=', id)
        .where('state', '=', 'retiring')
        .executeTakeFirst()
      if (done.numUpdatedRows === 0n) continue
      const after = { id, state: 'retired' }
      await recordAudit(tx, actor, { action: 'update', entity: 'secret_key', entityId: null, after })
    }
  })
}
