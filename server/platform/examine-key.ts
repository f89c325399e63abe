import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { sql, type Kysely } from 'kysely'
import { KEY_FILE, lookAtKeyFile, readMasterKey } from './master-key.ts'
import { isProvenBy } from './secret-box.ts'

/** What a store keeps of the master key: enough to tell the right one from any other. */
export type KeyCheck = { salt: string; proof: string }

/** The check of a store; null while no secret was ever stored in it. */
export async function readKeyCheck(db: Kysely<unknown>): Promise<KeyCheck | null> {
  const { rows } = await sql<KeyCheck>`select salt, proof from secret_key_check`.execute(db)
  return rows[0] ?? null
}

/** `file`: where the key is kept when no setting holds it; null with a setting, or when there is no file. */
export type ExaminedKey = {
  state: 'right' | 'unproven' | 'wrong' | 'missing' | 'not needed yet'
  file: string | null
  othersMayRead: boolean
}

/** Looks at the key that a hub would use, and whether it is the one the store was used with. Changes nothing. */
export async function examineKey(
  given: { secretKey: string | null; dataDirectory: string; mayUseFile: boolean },
  check: KeyCheck | null,
): Promise<ExaminedKey> {
  const none: ExaminedKey = {
    state: check === null ? 'not needed yet' : 'missing',
    file: null,
    othersMayRead: false,
  }
  const ofFile = given.secretKey === null
  if (ofFile && !given.mayUseFile) return none
  const path = join(given.dataDirectory, KEY_FILE)
  const mode = ofFile
    ? await stat(path).then(
        ({ mode }) => mode,
        () => null,
      )
    : null
  const found = {
    file: mode === null ? null : path,
    othersMayRead: mode !== null && process.platform !== 'win32' && (mode & 0o077) !== 0,
  }
  try {
    const key =
      given.secretKey === null ? await lookAtKeyFile(given.dataDirectory) : readMasterKey(given.secretKey)
    if (key === null) return none
    if (check === null) return { ...found, state: 'unproven' }
    return { ...found, state: isProvenBy(await key.withSalt(check.salt), check.proof) ? 'right' : 'wrong' }
  } catch {
    return { ...found, state: 'wrong' }
  }
}
