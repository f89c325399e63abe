import type { Generated } from 'kysely'
import type { ImportStatus } from '../../../contract/imports.ts'
import type { Actor } from '../../platform/audit.ts'
import type { DirectoryTables } from '../tables.ts'
import type { Mapping } from './columns.ts'

export type ImportsTable = {
  id: Generated<number>
  tenant_id: number
  status: ImportStatus
  file_name: string | null
  /** JSON of `StoredOptions`. */
  options: string
  bytes_total: number
  bytes_read: number
  rows_read: number
  accepted: number
  rejected: number
  warnings: number
  error: string | null
  token_id: number | null
  started_at: number | null
  finished_at: number | null
  created_at: number
  updated_at: number
}

export type ImportRemarksTable = {
  id: Generated<number>
  tenant_id: number
  import_id: number
  /** Line of the file, from 1, where the row starts. */
  line: number
  severity: 'reject' | 'warning'
  code: string
  reason: string
  /** JSON of `RejectedRow`; null for a warning. */
  row: string | null
}

export type ImportTables = DirectoryTables & { imports: ImportsTable; import_remarks: ImportRemarksTable }

/** The row as it stood in the file: its cells, or its bytes (as Latin-1 text) when they are no UTF-8. */
export type RejectedRow = { cells: string[] } | { latin1: string }

/** What an import was asked for, and what it needs to start again after the hub was stopped. */
export type StoredOptions = {
  country: string
  dryRun: boolean
  clear: boolean
  format: 'csv' | 'vcard'
  /** null: found in the header line. */
  delimiter: string | null
  mapping: Mapping | null
  /** Name the tenant's country with this import: it has none yet. */
  namesCountry: boolean
  actor: Actor
  /** Which data directory holds the file. */
  place: string
  /** The file's own header, known once the import runs. */
  header: string[] | null
}
