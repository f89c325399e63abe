import type { ImportQuery } from '../../../contract/imports.ts'
import { isTrue } from '../../../contract/common.ts'
import { HubError, invalid, type FieldErrors } from '../../platform/errors.ts'
import { isCountry } from '../phone-number.ts'
import { COLUMNS, headerKey, isColumn, type Mapping } from './columns.ts'

export type ImportOptions = {
  /** Upper case. */
  country: string
  /** The tenant has no country yet and gets this one. */
  namesCountry: boolean
  dryRun: boolean
  clear: boolean
  format: 'csv' | 'vcard'
  delimiter: string | null
  mapping: Mapping | null
  fileName: string | null
}

const DELIMITERS: Record<string, string> = { ',': ',', ';': ';', '\t': '\t', tab: '\t', '\\t': '\t' }

function readMapping(text: string, errors: FieldErrors): Mapping | null {
  const refuse = (why: string) => {
    errors['mapping'] = [why]
    return null
  }
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return refuse('This is no JSON object.')
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    return refuse('This is no JSON object.')
  const mapping: Mapping = {}
  const keys = new Set<string>()
  for (const [name, column] of Object.entries(parsed)) {
    if (column !== null && (typeof column !== 'string' || !isColumn(column))) {
      return refuse(
        `"${name}" cannot become ${JSON.stringify(column)}; known: ${Object.keys(COLUMNS).join(', ')}, or null to ignore it.`,
      )
    }
    if (keys.has(headerKey(name))) return refuse(`"${name}" is mapped twice.`)
    keys.add(headerKey(name))
    mapping[name] = column
  }
  return mapping
}

/** Reads what an import was asked for; 422 with a message per field, or `country_required`. */
export function readOptions(query: ImportQuery, tenantCountry: string | null): ImportOptions {
  const errors: FieldErrors = {}
  const given = query.country?.trim().toUpperCase() ?? ''
  if (given !== '' && !isCountry(given)) {
    errors['country'] = [
      `${given} is not a country with a telephone numbering plan: give its two letters, such as FR.`,
    ]
  }
  const delimiter =
    query.delimiter === undefined || query.delimiter === '' ? null : DELIMITERS[query.delimiter]
  if (delimiter === undefined) errors['delimiter'] = ['Give a comma, a semicolon or a tab.']
  const mapping = query.mapping ? readMapping(query.mapping, errors) : null
  if (query.file_name && (query.file_name.includes('\0') || !query.file_name.isWellFormed()))
    errors['file_name'] = ['This is no file name.']
  if (Object.keys(errors).length > 0) throw invalid(errors)
  const country = given || tenantCountry
  if (!country) {
    throw new HubError(
      'country_required',
      "Whose telephone numbers are these? Repeat the import with country= and the two letters of a country, such as country=FR; it then becomes this tenant's country. A guess would turn one country's numbers into another's.",
    )
  }
  return {
    country,
    namesCountry: tenantCountry === null,
    dryRun: query.dry_run !== undefined && isTrue(query.dry_run),
    clear: query.clear !== undefined && isTrue(query.clear),
    format: query.format ?? 'csv',
    delimiter: delimiter ?? null,
    mapping,
    fileName: query.file_name?.trim() || null,
  }
}
