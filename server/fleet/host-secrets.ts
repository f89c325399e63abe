import type { Selectable } from 'kysely'
import { HOST_SECRETS, type HostPatch, type HostSecret } from '../../contract/pbx3cx-hosts.ts'
import { isStorable, UNSTORABLE, type FieldCheck } from '../platform/field-check.ts'
import type { Keyring } from '../platform/keyring.ts'
import type { PbxHostsTable } from './tables.ts'
import type { FleetTx } from './write.ts'

type Row = Selectable<PbxHostsTable>

/** What stands for a secret in every answer. */
export const MASK = '********'
const TABLE = 'pbx_hosts'
/** Shorter keys than that would be given away by four characters. */
const SHOWN_FROM = 12

/** The mask of a licence key: its last group, by which people tell keys apart. */
export function maskLicenceKey(key: string): string {
  const groups = key.trim().split('-')
  const last = groups.at(-1) ?? ''
  const isShown = key.length >= SHOWN_FROM && groups.length > 1 && last.length * 2 <= key.length
  return isShown ? `${MASK}-${last}` : MASK
}

/** What a row's secret looks like from outside; null when there is none. */
export function maskOf(row: Row, field: HostSecret): string | null {
  if (row[field] === null) return null
  return field === 'licence_key' ? (row.licence_key_mask ?? MASK) : MASK
}

/** The secrets that a write changes: text to be sealed, null to be cleared. `row` null: a new host. */
export type SecretChanges = Partial<Record<HostSecret, string | null>>

/** Reads the secrets of a write: absent or the mask is unchanged, null or empty is cleared. */
export function readSecrets(input: HostPatch, row: Row | null, check: FieldCheck): SecretChanges {
  const changes: SecretChanges = {}
  for (const field of HOST_SECRETS) {
    const given = input[field]
    if (given === undefined) continue
    if (given === null || given === '') {
      changes[field] = null
      continue
    }
    if (row !== null && (given === maskOf(row, field) || given === MASK)) continue
    if (given.startsWith(MASK))
      check.refuse(field, 'Is the mask of a secret and not a secret: give the secret.')
    else if (!isStorable(given)) check.refuse(field, UNSTORABLE)
    else changes[field] = given
  }
  return changes
}

export const placeOf = (tenantId: number, rowId: number, column: HostSecret) => ({
  tenantId,
  table: TABLE,
  rowId,
  column,
})

export function registerSecrets(keyring: Keyring): void {
  for (const column of HOST_SECRETS) keyring.register({ table: TABLE, column })
}

/** The columns that hold these secrets, sealed for the host's row. */
export async function sealSecrets(
  keyring: Keyring,
  tx: FleetTx,
  { tenantId, id }: { tenantId: number; id: number },
  changes: SecretChanges,
): Promise<Partial<Pick<PbxHostsTable, HostSecret | 'licence_key_mask'>>> {
  const columns: Partial<Pick<PbxHostsTable, HostSecret | 'licence_key_mask'>> = {}
  for (const [name, text] of Object.entries(changes)) {
    const field = name as HostSecret
    columns[field] = text === null ? null : await keyring.seal(tx, placeOf(tenantId, id, field), text)
    if (field === 'licence_key') columns.licence_key_mask = text === null ? null : maskLicenceKey(text)
  }
  return columns
}

/** Secrets of a row in clear. HubError `secret_*` when the keyring cannot open one. Not inside a transaction. */
export async function openSecrets(
  keyring: Keyring,
  row: Row,
  fields: readonly HostSecret[],
): Promise<Record<string, string | null>> {
  const opened: Record<string, string | null> = {}
  for (const field of fields) {
    const sealed = row[field]
    opened[field] = sealed === null ? null : await keyring.open(placeOf(row.tenant_id, row.id, field), sealed)
  }
  return opened
}
