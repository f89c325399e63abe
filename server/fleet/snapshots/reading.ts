import { isXapiError, type XapiClient, type XapiError } from '../../../xapi/xapi.ts'
import { HubError } from '../../platform/errors.ts'
import { canonicalRow, type Row } from './canonical.ts'
import { LONGEST_CONTENT, type Configuration } from './content.ts'
import { RESOURCES, type Resource } from './resources.ts'

/** What a PBX, a role or a build refuses while it answers everything else. */
const REFUSALS: Readonly<Record<string, string>> = {
  permission: 'The role or the licence of the API client does not allow it.',
  not_found: 'This PBX does not have it.',
  unsupported: 'This PBX does not have it.',
  validation: 'The PBX refuses to list it.',
  server: 'The PBX failed over it.',
}
const WIDEST = (kind: string) => kind === 'validation' || kind === 'server' || kind === 'not_found'

type Read = { rows: Row[]; unreadable: Record<string, string> }

/**
 * Reads the whole configuration of a PBX, page by page, one request after another. What the PBX refuses is noted; what
 * keeps it from answering at all is thrown as XapiError, and so is a PBX that refuses everything. HubError
 * `payload_too_large` for a configuration longer than 64 MiB.
 */
export async function readConfiguration(pbx: XapiClient, signal?: AbortSignal): Promise<Configuration> {
  const resources: Record<string, readonly Row[]> = {}
  const unreadable: Record<string, string> = {}
  let size = 0
  let refused: XapiError | null = null
  for (const resource of RESOURCES) {
    const spend = (row: Row) => {
      size += JSON.stringify(row).length
      if (size > LONGEST_CONTENT)
        throw new HubError('payload_too_large', 'The configuration of this PBX is longer than 64 MiB.')
    }
    try {
      const read = await readOne(pbx, resource, spend, signal)
      resources[resource.name] = read.rows
      Object.assign(unreadable, read.unreadable)
    } catch (error) {
      const why = isXapiError(error) ? REFUSALS[error.kind] : undefined
      if (!isXapiError(error) || why === undefined) throw error
      refused ??= error
      unreadable[resource.name] = why
    }
  }
  if (Object.keys(resources).length === 0 && refused !== null) throw refused
  return { format: 1, version: pbx.version(), resources: withoutRepeats(resources), unreadable }
}

/** Where a build does not tell what belongs to the rows along with them, the rows without it are better than none. */
async function readOne(
  pbx: XapiClient,
  resource: Resource,
  spend: (row: Row) => void,
  signal?: AbortSignal,
): Promise<Read> {
  const { expand } = resource
  try {
    return { rows: await rowsOf(pbx, resource, expand, spend, signal), unreadable: {} }
  } catch (error) {
    if (expand.length === 0 || !isXapiError(error) || !WIDEST(error.kind)) throw error
    const unreadable: Record<string, string> = {}
    const told: string[] = []
    for (const name of expand) {
      try {
        for await (const _ of resource.rows(pbx, { $expand: [name], limit: 1, signal })) break
        told.push(name)
      } catch (refusal) {
        if (!isXapiError(refusal) || !WIDEST(refusal.kind)) throw refusal
        unreadable[`${resource.name}.${name}`] = REFUSALS[refusal.kind] ?? ''
      }
    }
    if (told.length === expand.length) throw error
    return { rows: await rowsOf(pbx, resource, told, spend, signal), unreadable }
  }
}

async function rowsOf(
  pbx: XapiClient,
  { rows, key, isOrdered }: Resource,
  expand: readonly string[],
  spend: (row: Row) => void,
  signal?: AbortSignal,
): Promise<Row[]> {
  const found: { key: string; row: Row }[] = []
  const asked = expand.length > 0 ? { $expand: [...expand], signal } : { signal }
  for await (const told of rows(pbx, asked)) {
    const row = canonicalRow(told)
    spend(row)
    found.push({ key: key(row), row })
  }
  if (isOrdered) return byPriority(found.map(({ row }) => row))
  return found
    .sort((a, b) => compare(a.key, b.key) || compare(idOf(a.row), idOf(b.row)))
    .map(({ row }) => row)
}

const compare = <T extends string | number>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0)
const idOf = (row: Row) => Number(row['Id'] ?? 0)

/** Rules that have no priority come as the PBX lists them. Their place says what the priority said. */
const byPriority = (rows: Row[]): Row[] =>
  rows
    .map((row, index) => ({ row, index }))
    .sort((a, b) => Number(a.row['Priority'] ?? 0) - Number(b.row['Priority'] ?? 0) || a.index - b.index)
    .map(({ row }) => without(row, 'Priority'))

const without = (row: Row, field: string): Row =>
  Object.fromEntries(Object.entries(row).filter(([name]) => name !== field))

/** Leaves out what is told twice, and of the time zones all that nobody is in. */
function withoutRepeats(resources: Record<string, readonly Row[]>): Record<string, readonly Row[]> {
  const hours = resources['settings.OfficeHours']
  const used = new Set(
    [...(hours ?? []), ...(resources['groups'] ?? [])].map((row) => row['TimeZoneId']).filter(Boolean),
  )
  return {
    ...resources,
    ...(resources['time_zones']
      ? { time_zones: resources['time_zones'].filter((zone) => used.has(zone['Id'] ?? null)) }
      : {}),
    ...(hours && resources['holidays']
      ? { 'settings.OfficeHours': hours.map((row) => without(row, 'OfficeHolidays')) }
      : {}),
    ...(resources['dids'] ? { dids: resources['dids'].map((row) => without(row, 'RoutingRule')) } : {}),
  }
}
