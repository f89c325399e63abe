import type { Selectable } from 'kysely'
import type { Import } from '../../../contract/imports.ts'
import { fromJson } from '../../platform/database/json.ts'
import type { ImportsTable, StoredOptions } from './tables.ts'

export type ImportRow = Selectable<ImportsTable>

const isoTime = (at: number): string => new Date(at).toISOString()

/** An import as the API shows it. */
export function toImport(row: ImportRow): Import {
  const { dryRun, country, clear } = fromJson<StoredOptions>(row.options)
  const { id, status, file_name, bytes_total, bytes_read, rows_read, accepted, rejected, warnings, error } =
    row
  return {
    id,
    status,
    file_name,
    dry_run: dryRun,
    country,
    clear,
    bytes_total,
    bytes_read,
    rows_read,
    accepted,
    rejected,
    warnings,
    error,
    created_at: isoTime(row.created_at),
    started_at: row.started_at === null ? null : isoTime(row.started_at),
    finished_at: row.finished_at === null ? null : isoTime(row.finished_at),
  }
}

/** Nothing more will happen to it. */
export const isOver = ({ status }: Pick<ImportRow, 'status'>): boolean =>
  status === 'done' || status === 'failed'
