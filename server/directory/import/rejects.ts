import type { Page } from '../../../contract/common.ts'
import type { ImportRemark } from '../../../contract/imports.ts'
import { fromJson } from '../../platform/database/json.ts'
import type { Store } from '../../platform/database/store.ts'
import { readListRequest, readPage } from '../../platform/listing.ts'
import type { ImportTables, RejectedRow } from './tables.ts'

const PAGE = 500

/** A cell as CSV, with quotes only where it needs them; its text is not altered. */
function cellText(cell: string, delimiter: string): string {
  const quoted = cell.includes(delimiter) || /["\r\n]/.test(cell) || cell !== cell.trim()
  return quoted ? `"${cell.replaceAll('"', '""')}"` : cell
}

function lineOf(cells: string[], delimiter: string): string {
  return `${cells.map((cell) => cellText(cell, delimiter)).join(delimiter)}\r\n`
}

function rejectedLine(
  row: RejectedRow,
  reason: string,
  header: string[],
  delimiter: string,
): string | Uint8Array {
  if ('cells' in row) {
    const missing = Array.from({ length: Math.max(0, header.length - row.cells.length) }, () => '')
    return lineOf([...row.cells, ...missing, reason], delimiter)
  }
  const bytes = Buffer.from(row.latin1.replace(/[\r\n]+$/, ''), 'latin1')
  return Buffer.concat([bytes, Buffer.from(delimiter + cellText(reason, delimiter) + '\r\n')])
}

/**
 * The refused rows as CSV in the file's own delimiter: its header and `reason`, then each row as it stood in the file.
 * Bytes for a row that is no UTF-8.
 */
export async function* writeRejects(
  store: Store<ImportTables>,
  tenantId: number,
  importId: number,
  { header, delimiter }: { header: string[]; delimiter: string },
): AsyncGenerator<string | Uint8Array> {
  yield lineOf([...header, 'reason'], delimiter)
  for (let after = 0; ;) {
    const rows = await store.read
      .selectFrom('import_remarks')
      .select(['id', 'reason', 'row'])
      .where('tenant_id', '=', tenantId)
      .where('import_id', '=', importId)
      .where('severity', '=', 'reject')
      .where('id', '>', after)
      .orderBy('id')
      .limit(PAGE)
      .execute()
    for (const { reason, row } of rows) {
      yield rejectedLine(fromJson<RejectedRow>(row ?? '{"cells":[]}'), reason, header, delimiter)
    }
    const last = rows.at(-1)
    if (last === undefined) return
    after = last.id
  }
}

const REMARK_COLUMNS = { id: 'id', line: 'line' }

/** What there is to say about an import's rows, a page at a time; filters `severity` and `code`. */
export function listRemarks(
  store: Store<ImportTables>,
  tenantId: number,
  id: number,
  query: Record<string, unknown>,
): Promise<Page<ImportRemark>> {
  const request = readListRequest(query, {
    sort: Object.keys(REMARK_COLUMNS),
    filters: ['severity', 'code'],
  })
  const { severity, code } = request.filters
  let rows = store.read
    .selectFrom('import_remarks')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('import_id', '=', id)
  if (severity !== undefined) rows = rows.where('severity', '=', severity as 'reject' | 'warning')
  if (code !== undefined) rows = rows.where('code', '=', code)
  return readPage(rows, request, REMARK_COLUMNS, (page) =>
    page.map((row) => ({ line: row.line, severity: row.severity, code: row.code, reason: row.reason })),
  )
}
