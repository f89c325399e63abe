import { MASK } from '../host-secrets.ts'
import { isSecret } from '../xapi-masking.ts'

/** A JSON value, and a row of a PBX's configuration: fields that are null or empty texts are not there. */
export type Json = null | boolean | number | string | Json[] | { [field: string]: Json }
export type Row = { [field: string]: Json }

/** States, and what the PBX works out from something else that is read as well. */
const VOLATILE = new Set(
  (
    'IsRegistered IsOnline QueueStatus CurrentProfileName LastLoginTime LastUsed HasMembers CanDelete ContactImage ' +
    'RoutingRules TrunkRegTimes ConfigurationIssue MyIpAddress Phones GroupRights MemberName Tags IsCurrentlyActive'
  ).split(' '),
)
/** Lists whose order says nothing, and what their rows are sorted by. */
const UNORDERED: Readonly<Record<string, readonly string[]>> = {
  Groups: ['Number', 'GroupId'],
  Rights: ['RoleName'],
  Managers: ['Number'],
  Forwards: ['Input', 'Id'],
  ForwardingProfiles: ['Name', 'Id'],
  Greetings: ['Type', 'Filename'],
  Periods: ['DayOfWeek', 'Start', 'Stop'],
  OfficeHolidays: ['Name', 'Month', 'Day', 'Id'],
  DidNumbers: [],
  GroupIds: [],
  GroupNames: [],
}
/** Lists of members by number: their names are told where they are configured. */
const MEMBERS = new Set(['Agents', 'Managers', 'Members', 'ReceiveExtensions', 'Groups'])

type Fields = Readonly<Record<string, unknown>>
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * A row as it is compared and kept: fields in the order of their names, states and decoration left out, secrets masked,
 * lists whose order says nothing sorted.
 */
export function canonicalRow(row: Fields): Row {
  return fieldsOf(row, '')
}

function fieldsOf(value: Fields, within: string): Row {
  const row: Row = {}
  for (const name of Object.keys(value).sort()) {
    if (VOLATILE.has(name) || name.includes('@')) continue
    const kept = fieldOf(name, value[name], within)
    if (kept !== null) row[name] = kept
  }
  return row
}

function fieldOf(name: string, value: unknown, within: string): Json {
  if (value === null || value === undefined || value === '') return null
  if (name === 'Name' && MEMBERS.has(within)) return null
  if (isSecret(name, value) || (isFields(value) && 'Concealed' in value)) return MASK
  return valueOf(value, name)
}

function valueOf(value: unknown, name: string): Json {
  if (Array.isArray(value)) return listOf(value, name)
  if (isFields(value)) return pointerOf(value) ?? fieldsOf(value, name)
  if (typeof value === 'string') return value.toWellFormed().replaceAll('\0', '')
  return typeof value === 'boolean' || typeof value === 'number' ? value : null
}

/** A destination or a peer says where it leads; what it is called there changes with what it leads to. */
function pointerOf(value: Fields): Row | null {
  const isDestination = 'To' in value && ('External' in value || 'Number' in value)
  const isPeer = 'MemberOf' in value || ('Hidden' in value && 'Number' in value)
  if (!isDestination && !isPeer) return null
  const row: Row = {}
  for (const name of isPeer ? ['Id', 'Number'] : ['External', 'Number', 'To']) {
    const kept = fieldOf(name, value[name], '')
    if (kept !== null) row[name] = kept
  }
  return row
}

function listOf(list: readonly unknown[], name: string): Json[] {
  const values = list.map((one) => valueOf(one, name))
  const by = UNORDERED[name]
  if (by === undefined) return values
  const keyed = values.map((value) => ({ key: sortKey(value, by), value }))
  return keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)).map(({ value }) => value)
}

const sortKey = (value: Json, by: readonly string[]): string =>
  isFields(value)
    ? JSON.stringify([...by.map((field) => value[field] ?? null), value])
    : JSON.stringify(value)
