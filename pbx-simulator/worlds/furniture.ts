import { SBCS } from '../entities/devices.ts'
import { CONTACTS } from '../entities/contacts.ts'
import { GROUPS } from '../entities/groups.ts'
import { HOLIDAYS } from '../entities/hours.ts'
import { INBOUND_RULES } from '../entities/inbound-rules.ts'
import { logEvent } from '../entities/machine.ts'
import { OUTBOUND_RULES } from '../entities/outbound-rules.ts'
import { newTrunk, TRUNK_TEMPLATES, TRUNKS } from '../entities/trunks.ts'
import { USERS } from '../entities/users.ts'
import type { Pbx, Row } from '../model/pbx.ts'
import { addRow } from '../model/set-routes.ts'
import { FIRMS, FIRST_NAMES, LAST_NAMES } from './names.ts'

const SERVICES = [
  'SIP Server',
  'Media Server',
  'Management Console',
  'Queue Manager',
  'IVR Server',
  'Event Notifier',
  'Gateway',
] as const

/** What every PBX has before anybody sets it up. */
export function furnish(pbx: Pbx): void {
  addRow(pbx, GROUPS, { Name: 'DEFAULT', IsDefault: true, Number: 'GRP0' })
  for (const Id of TRUNK_TEMPLATES)
    pbx.store.put('TrunkTemplates', Id, {
      Id,
      Name: Id.replace('.pv.xml', ''),
      Countries: ['FR', 'HU'],
      Url: 'https://carrier.example',
    })
  for (const DisplayName of SERVICES)
    pbx.store.put('Services', DisplayName.replace(' ', ''), {
      Name: DisplayName.replace(' ', ''),
      DisplayName,
      Status: 'Running',
      StartStopEnabled: true,
      RestartEnabled: true,
      MemoryUsed: 40_000_000 + pbx.random.below(9_000_000),
      HandleCount: 100,
      ThreadCount: 12,
      TotalProcessorTime: 1000,
      SampleTime: pbx.clock.iso(),
    })
  for (const [Name, Value] of [
    ['REPORT_ROW_LIMIT', '20000'],
    ['CRMINT_DEFAULT', ''],
    ['SIMULATOR', 'This is no 3CX.'],
  ] as const) {
    const id = pbx.store.nextId('Parameters')
    pbx.store.put('Parameters', id, { Id: id, Name, Value, Description: '' })
  }
  for (const [Id, Brand, Models] of [
    ['desk.ph.xml', 'Simulated', 'Desk 1'],
    ['room.ph.xml', 'Simulated', 'Room 2'],
  ] as const)
    pbx.store.put('PhoneTemplates', Id, {
      Id,
      Models: [{ Name: `${Brand} ${Models}` }],
      IsCustom: false,
      AddAllowed: true,
    })
  pbx.store.put('Firmwares', 'desk-1', {
    Id: 'desk-1',
    Filename: 'desk-1.bin',
    Version: '1.0',
    Vendor: 'Simulated',
    Model: 'Desk 1',
  })
  pbx.store.put('DeviceInfos', 1, {
    Id: 1,
    MAC: '02005E000001',
    Vendor: 'Simulated',
    Model: 'Desk 1',
    NetworkAddress: '192.0.2.20',
    Assigned: false,
    DetectedAt: pbx.clock.iso(),
  })
  addRow(pbx, SBCS, { Name: 'sbc-1', DisplayName: 'Warehouse', HasConnection: true, PublicIP: '192.0.2.10' })
  addRow(pbx, HOLIDAYS, { Name: 'New Year', Day: 1, Month: 1 })
  addRow(pbx, HOLIDAYS, { Name: 'Christmas', Day: 25, Month: 12, DayEnd: 26, MonthEnd: 12 })
  logEvent(pbx, 'Info', 'Simulator', 'A simulated PBX has started. This is no 3CX.')
}

/** A trunk with telephone numbers. */
export const addTrunk = (pbx: Pbx, number: string, DidNumbers: readonly string[]): Row =>
  addRow(pbx, TRUNKS, {
    ...newTrunk(pbx, TRUNK_TEMPLATES[2]),
    Number: number,
    DidNumbers,
    ExternalNumber: DidNumbers[0] ?? '',
    AuthPassword: { Value: pbx.random.password(12) },
  })

export const addOutboundRule = (pbx: Pbx, Name: string, Prefix: string, trunk: Row): Row =>
  addRow(pbx, OUTBOUND_RULES, { Name, Prefix, Routes: [{ TrunkId: trunk.Id }] })

/** An extension with a name, registered like most. */
export function addUser(
  pbx: Pbx,
  number: string,
  first: string,
  last: string,
  group: Row | null,
  more: Row = {},
): Row {
  const mail = `${number}@${pbx.name}`
  const Groups = group ? [{ GroupId: group.Id, Rights: { RoleName: 'users' } }] : undefined
  return addRow(pbx, USERS, {
    Number: number,
    FirstName: first,
    LastName: last,
    EmailAddress: mail,
    IsRegistered: true,
    ...(Groups ? { Groups, PrimaryGroupId: group?.Id } : {}),
    ...more,
  })
}

/** A rule that leads a telephone number to a DN, at night and on holidays to the voice mail of an extension. */
export function addDidRule(pbx: Pbx, trunk: Row, did: string, to: Row, night: string | null, name = ''): Row {
  const away = night === null ? undefined : { To: 'VoiceMail', Number: night }
  return addRow(pbx, INBOUND_RULES, {
    RuleName: name,
    Condition: 'BasedOnDID',
    Data: did,
    TrunkDN: { Id: trunk.Id },
    OfficeHoursDestination: to,
    ...(away ? { OutOfOfficeHoursDestination: away, HolidaysDestination: away } : {}),
    AlterDestinationDuringOutOfOfficeHours: away !== undefined,
    AlterDestinationDuringHolidays: away !== undefined,
  })
}

/** Contacts with numbers of their own, the same for the same seed. */
export function addContacts(pbx: Pbx, howMany: number, prefix: string): void {
  const random = pbx.random.stream('contacts')
  for (let index = 0; index < howMany; index += 1)
    addRow(pbx, CONTACTS, {
      FirstName: random.pick(FIRST_NAMES),
      LastName: random.pick(LAST_NAMES),
      CompanyName: random.pick(FIRMS),
      PhoneNumber: `${prefix}${String(1_000_000 + random.below(9_000_000))}`,
      Email: `contact${index}@example.com`,
    })
}
