import type { ListOptions, ReadableSet, XapiClient } from '../../../xapi/xapi.ts'
import type { Row } from './canonical.ts'

type Fields = Record<string, unknown>

/** A kind of object of a PBX's configuration. */
export type Resource = {
  name: string
  /** What one of them is called in a sentence. */
  noun: string
  rows(pbx: XapiClient, options: ListOptions<Fields>): AsyncIterable<Fields>
  expand: readonly string[]
  /** What the same object is on every reading and on every PBX: never an id, which differs from PBX to PBX. */
  key(row: Row): string
  /** The order of the rows is configuration. */
  isOrdered: boolean
  /** Which rows are there follows from others: that one comes or goes is no change. */
  isDerived: boolean
}

const text = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : ''
const numberOrName = (row: Row) => text(row['Number']) || text(row['Name'])
const trunkOf = (row: Row) => text((row['TrunkDN'] as Row | undefined)?.['Number'])
/** Rules of departments of one name hold the same days. */
const holidayKey = (row: Row) =>
  ['Name', 'Group', 'Year', 'Month', 'Day']
    .map((field) => text(row[field]))
    .join(' ')
    .trim()

type Listed = (pbx: XapiClient) => ReadableSet<never>

function listed(
  name: string,
  noun: string,
  set: Listed,
  { key = numberOrName, expand = [] as readonly string[], isOrdered = false, isDerived = false } = {},
): Resource {
  const rows = (pbx: XapiClient, options: ListOptions<Fields>) =>
    set(pbx).list(options) as AsyncIterable<Fields>
  return { name, noun, rows, expand, key, isOrdered, isDerived }
}

const SINGLE = (name: string): Resource => ({
  name: `settings.${name}`,
  noun: 'settings',
  expand: [],
  isOrdered: false,
  isDerived: false,
  key: () => name,
  async *rows(pbx, { signal }) {
    yield await pbx.settings(name).get({ signal })
  },
})

/** Settings of the whole PBX that decide what becomes of calls, or who gets in. */
const SETTINGS = [
  'OfficeHours',
  'GeneralSettingsForPbx',
  'CallTypesSettings',
  'CallParkingSettings',
  'CDRSettings',
  'ConsoleRestrictions',
  'DialCodeSettings',
  'E164Settings',
  'PhoneBookSettings',
  'SecureSipSettings',
  'AntiHackingSettings',
  'VoicemailSettings',
]

/** Everything a snapshot reads, in this order. Contacts are no configuration. */
export const RESOURCES: readonly Resource[] = [
  listed('users', 'extension', (pbx) => pbx.users as never, {
    expand: ['Groups', 'ForwardingProfiles', 'ForwardingExceptions', 'Greetings'],
  }),
  listed('groups', 'department', (pbx) => pbx.groups as never, { expand: ['OfficeHolidays', 'Rights'] }),
  listed('trunks', 'trunk', (pbx) => pbx.trunks as never, { expand: ['Groups'] }),
  listed('dids', 'number', (pbx) => pbx.dids as never, {
    key: (row) => `${text(row['Number'])}`,
  }),
  listed('inbound_rules', 'inbound rule', (pbx) => pbx.inboundRules as never, {
    expand: ['TrunkDN'],
    key: (row) => `${text(row['Condition'])} ${text(row['Data'])} ${trunkOf(row)}`.trim(),
    isOrdered: true,
  }),
  listed('outbound_rules', 'outbound rule', (pbx) => pbx.set('OutboundRules') as never, {
    key: (row) => text(row['Name']),
    isOrdered: true,
  }),
  listed('queues', 'queue', (pbx) => pbx.queues as never, { expand: ['Agents', 'Managers', 'Groups'] }),
  listed('ring_groups', 'ring group', (pbx) => pbx.ringGroups as never, { expand: ['Members', 'Groups'] }),
  listed('ivrs', 'digital receptionist', (pbx) => pbx.ivrs as never, { expand: ['Forwards', 'Groups'] }),
  listed('faxes', 'fax', (pbx) => pbx.set('Fax') as never),
  listed('parkings', 'parking', (pbx) => pbx.set('Parkings') as never),
  listed('call_flows', 'call flow', (pbx) => pbx.set('CallFlowApps') as never),
  listed('holidays', 'holiday', (pbx) => pbx.holidays as never, { key: holidayKey }),
  listed('time_zones', 'time zone', (pbx) => pbx.set('Defs/TimeZones') as never, {
    key: (row) => text(row['Id']),
    isDerived: true,
  }),
  ...SETTINGS.map(SINGLE),
]

export const RESOURCE_NAMES: readonly string[] = RESOURCES.map(({ name }) => name)
const BY_NAME = new Map(RESOURCES.map((resource) => [resource.name, resource]))

/** The kind of that name; HubError-free: null for a kind that this version does not know. */
export const resourceNamed = (name: string): Resource | null => BY_NAME.get(name) ?? null
