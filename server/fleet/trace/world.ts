import type { Json, Row } from '../snapshots/canonical.ts'
import type { Configuration } from '../snapshots/content.ts'

/** What a call can come to inside a PBX. */
export type StationKind =
  | 'extension'
  | 'queue'
  | 'ring_group'
  | 'ivr'
  | 'fax'
  | 'parking'
  | 'call_flow'
  | 'department'
export type Station = { kind: StationKind; number: string; name: string; row: Row }

/** A configuration, ready to be walked through. */
export type World = {
  configuration: Configuration
  stations: ReadonlyMap<string, Station>
  /** Kinds that could not be read: one of them that is not found may be there all the same. */
  unread: ReadonlySet<StationKind>
  /** In the order in which the PBX looks at them: those of callers before those of numbers. */
  rules: readonly Row[]
  trunks: readonly Row[]
  outboundRules: readonly Row[]
  departments: readonly Row[]
  holidays: readonly Row[]
  officeHours: Row | null
  /** The zone of a 3CX time zone id. */
  zoneOf(id: Json | undefined): string | null
  /** Where the PBX does not say which zone it is in. */
  fallbackZone: string
}

const STATIONS: readonly (readonly [string, StationKind])[] = [
  ['users', 'extension'],
  ['queues', 'queue'],
  ['ring_groups', 'ring_group'],
  ['ivrs', 'ivr'],
  ['faxes', 'fax'],
  ['parkings', 'parking'],
  ['call_flows', 'call_flow'],
  ['groups', 'department'],
]

export const isRow = (value: Json | undefined): value is Row =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
export const textOf = (value: Json | undefined): string =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : ''
export const rowOf = (value: Json | undefined): Row | null => (isRow(value) ? value : null)
export const rowsOf = (value: Json | undefined): Row[] => (Array.isArray(value) ? value.filter(isRow) : [])

export function nameOf(row: Row): string {
  const person = [row['FirstName'], row['LastName']].map(textOf).filter(Boolean).join(' ')
  return textOf(row['RuleName']) || textOf(row['Name']) || person || textOf(row['DisplayName'])
}

/** Makes a configuration ready; `fallbackZone` is the zone of a PBX that does not name one that is known. */
export function openWorld(configuration: Configuration, fallbackZone: string): World {
  const rows = (name: string): readonly Row[] => configuration.resources[name] ?? []
  const stations = new Map<string, Station>()
  for (const [resource, kind] of STATIONS)
    for (const row of rows(resource)) {
      const number = textOf(row['Number'])
      if (number !== '' && !stations.has(number))
        stations.set(number, { kind, number, name: nameOf(row), row })
    }
  const zones = new Map(rows('time_zones').map((row) => [textOf(row['Id']), textOf(row['IanaName'])]))
  const officeHours = rows('settings.OfficeHours')[0] ?? null
  const all = rows('inbound_rules')
  const isOfCallers = (rule: Row) => rule['Condition'] === 'BasedOnCallerID'
  return {
    configuration,
    stations,
    unread: new Set(
      STATIONS.filter(([name]) => configuration.resources[name] === undefined).map(([, kind]) => kind),
    ),
    rules: [...all.filter(isOfCallers), ...all.filter((rule) => !isOfCallers(rule))],
    trunks: rows('trunks'),
    outboundRules: rows('outbound_rules'),
    departments: rows('groups'),
    holidays: configuration.resources['holidays'] ?? rowsOf(officeHours?.['OfficeHolidays']),
    officeHours,
    zoneOf(id) {
      const zone = zones.get(textOf(id))
      return zone !== undefined && isZone(zone) ? zone : null
    },
    fallbackZone,
  }
}

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions() !== null
  } catch {
    return false
  }
}

/** The department something belongs to: its main one, or the first that is there. */
export function departmentOf(world: World, row: Row): Row | null {
  const primary = row['PrimaryGroupId']
  const main = primary === undefined ? undefined : world.departments.find((group) => group['Id'] === primary)
  if (main) return main
  for (const membership of rowsOf(row['Groups'])) {
    const found = world.departments.find(
      (group) =>
        (membership['Number'] !== undefined && group['Number'] === membership['Number']) ||
        (membership['GroupId'] !== undefined && group['Id'] === membership['GroupId']),
    )
    if (found) return found
  }
  return null
}
