import { isXapiError, type AuditLogRow, type XapiClient } from '../../../xapi/xapi.ts'
import type { Change } from './diff.ts'

/** Who changed an object, and when (ms UTC), as the PBX's own audit log says; null = it does not say. */
export type Author = { who: string | null; at: number | null }

/** Rows of the log that are looked at, newest first. */
const MOST_ROWS = 2_000
/** The clock of a PBX may be a little behind ours. */
const LEEWAY_MS = 5 * 60_000

/**
 * Finds the changes in the PBX's audit log since an instant (ms UTC). An object that several people changed meanwhile
 * has no one author. A PBX that does not show its log says nothing.
 */
export async function authorsOf(
  pbx: XapiClient,
  changes: readonly Change[],
  since: number,
  signal?: AbortSignal,
): Promise<Author[]> {
  const log = changes.length === 0 ? [] : await readLog(pbx, since - LEEWAY_MS, signal)
  const byName = new Map<string, AuditLogRow[]>()
  for (const row of log) {
    const name = (row.ObjectName ?? '').trim()
    if (name === '') continue
    const rows = byName.get(name)
    if (rows) rows.push(row)
    else byName.set(name, [row])
  }
  return changes.map((change) => {
    const rows = [...new Set(namesOf(change).flatMap((name) => byName.get(name) ?? []))]
    const people = new Set(rows.map((row) => row.UserName ?? ''))
    const [who = ''] = people
    if (people.size !== 1 || who === '') return { who: null, at: null }
    return { who, at: Math.max(...rows.map((row) => Date.parse(row.Timestamp ?? ''))) }
  })
}

async function readLog(pbx: XapiClient, since: number, signal?: AbortSignal): Promise<AuditLogRow[]> {
  const found: AuditLogRow[] = []
  try {
    for await (const row of pbx.system.auditLog({ limit: MOST_ROWS, signal }))
      if (Date.parse(row.Timestamp ?? '') > since) found.push(row)
  } catch (error) {
    if (!isXapiError(error)) throw error
    // What the log would say is worth less than the changes themselves.
  }
  return found
}

/** What the log may call an object: its number, its name, or both. */
function namesOf({ resource, key, before, after }: Change): string[] {
  const row = after ?? before ?? {}
  const text = (field: string) => {
    const value = row[field]
    return typeof value === 'string' || typeof value === 'number' ? String(value).trim() : ''
  }
  const person = `${text('FirstName')} ${text('LastName')}`.trim()
  const names = [text('RuleName'), text('Name'), person, text('DisplayName')].filter((name) => name !== '')
  const number = text('Number')
  const own = resource.startsWith('settings.') ? [key] : [number, text('Data'), ...names]
  return [...own, ...names.map((name) => `${number} ${name}`)].filter((name) => name !== '')
}
