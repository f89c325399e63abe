import { readLiteral } from '../odata/literal.ts'
import { notFound } from '../odata/refusal.ts'
import type { Operation, Pbx, Row, SetDefinition, SingletonDefinition } from '../model/pbx.ts'
import { shape, type Shape } from '../model/shape.ts'
import { textOf } from '../model/text.ts'
import { ZONES } from '../model/time-zones.ts'

const DAY_MS = 86_400_000
const LICENCE_KEY = 'SIMU-LATO-RPBX-0000'
const MAX_SIM_CALLS = 32

const DEFS = shape('Defs', { i32: 'Id' })
const TIME_ZONE = shape('TimeZone', { s: 'Id Name IanaName WindowsName' })
const SYSTEM_PARAMETERS = shape('SystemParameters', {
  s: 'Version FQDN GlobalLanguage IpV6 PbxExternalHost StaticIp StunIp',
  i32: 'ENL HttpPort HttpsPort ProcessorCount MaxDIDPerTrunk SipPort SipsPort TunnnelPort',
  b: 'Is3CXFQDN IsChatLogEnabled IsHosted IsHosted3CX IsMulticompanyMode IsStaticIp',
  License: 'License',
})
const LICENCE = shape('License', {
  i32: 'MaxSimCalls',
  s: 'CountryCode ProductCode',
  b: 'IsBrandingEnabled IsCfdEnabled IsEnterprise IsMaintainceExpired IsProfessional',
})
const HEALTH = shape('SystemHealthStatus', {
  i32: 'CustomTemplatesCount Id UnsupportedFirmwaresCount',
  b: 'Firewall Phones Trunks',
})
const TELEMETRY = shape('SystemTelemetry', {
  i64: 'FreeDiskSpace FreePhysicalMemory TotalDiskSpace TotalPhysicalMemory TickCount',
  dt: 'Time',
  any: 'CpuUsage',
})
const EXTENSION_STATE = shape('SystemExtensionStatus', { s: 'Name Number Type', b: 'IsRegistered' })

const STATUS = shape('SystemStatus', {
  i32: 'CallsActive DiskUsage ExtensionsRegistered ExtensionsTotal Id MaxSimCalls MaxUserExtensions OutboundRules TrunksRegistered TrunksTotal UserExtensions',
  i64: 'ChatUsedSpace FreeDiskSpace LogUsedSpace RecordingQuota RecordingUsedSpace TotalDiskSpace',
  s: 'AvailableLocalIps CurrentLocalIp FQDN Ip IpV4 IpV6 LicenseKey ProductCode ResellerName Version',
  b: 'Activated AutoUpdateEnabled BackupScheduled DBMaintenanceInProgress HasNotRunningServices HasUnregisteredSystemExtensions IsAuditLogEnabled IsChatLogEnabled IsRecordingArchiveEnabled LicenseActive LocalIpValid RecordingQuotaReached RecordingStopped RemoteConfigurationRequired RemoteStorageEnabled Support VoicemailQuotaReached VoicemailStopped',
  dt: 'ExpirationDate LastBackupDateTime LastCheckForUpdates LastSuccessfulUpdate MaintenanceExpiresAt',
  XOperatingSystemType: 'OS',
  any: 'RemoteStorageStatus',
})

const LICENCE_STATUS = shape('LicenseStatus', {
  i32: 'MaxSimCalls SimMeetingParticipants',
  s: 'AdminEMail CompanyName ContactName CountryCode CountryName EMail LicenseKey ProductCode ResellerName Telephone Version',
  b: 'Activated LicenseActive Support',
  dt: 'ExpirationDate MaintenanceExpiresAt',
  '[s]': 'ActiveModules',
})

const count = (pbx: Pbx, set: string, field: string): number =>
  pbx.store.rows(set).filter((row) => row[field] === true).length

const inYear = (pbx: Pbx): string => pbx.clock.iso(pbx.clock.now() + 365 * DAY_MS)

const read = (
  on: string,
  name: string,
  shapeOfIt: Shape,
  about: string,
  row: (pbx: Pbx) => Row,
): Operation => ({
  on,
  name: `Pbx.${name}`,
  kind: 'function',
  answers: shapeOfIt.name,
  about,
  run: ({ pbx }) => ({ kind: 'one', row: row(pbx), shape: shapeOfIt, context: `Pbx.${shapeOfIt.name}` }),
})

const licence = (): Row => ({
  MaxSimCalls: MAX_SIM_CALLS,
  CountryCode: 'HU',
  ProductCode: '3CXPSPROFENTSPLA',
  IsEnterprise: true,
  IsProfessional: true,
  IsCfdEnabled: true,
  IsBrandingEnabled: false,
  IsMaintainceExpired: false,
})

export const DEFINITIONS: SingletonDefinition = {
  name: 'Defs',
  shape: DEFS,
  about: 'A cheap question to see whether the PBX answers.',
  can: ['read'],
  initial: () => ({ Id: 1 }),
  operations: [
    read('Defs', 'GetSystemParameters', SYSTEM_PARAMETERS, 'Version, ports and limits.', (pbx) => ({
      Version: pbx.version,
      FQDN: pbx.name,
      GlobalLanguage: 'EN',
      HttpPort: 5000,
      HttpsPort: 5001,
      ProcessorCount: 2,
      MaxDIDPerTrunk: 10_000,
      ENL: 3,
      SipPort: 5060,
      SipsPort: 5061,
      TunnnelPort: 5090,
      PbxExternalHost: pbx.name,
      Is3CXFQDN: false,
      IsHosted3CX: false,
      License: licence(),
      IsMulticompanyMode: false,
      IsHosted: false,
    })),
    read('Defs', 'GetLicenseParameters', LICENCE, 'What the licence allows.', licence),
    {
      on: 'Defs',
      name: 'Pbx.HasSystemOwner',
      kind: 'function',
      answers: 'b',
      about: 'Whether anybody owns the system.',
      run: () => ({ kind: 'value', value: true, context: 'Edm.Boolean' }),
    },
  ],
}

export const TIME_ZONES: SetDefinition = {
  name: 'Defs/TimeZones',
  shape: TIME_ZONE,
  about: 'Time zones departments can be in.',
  key: 'Id',
  can: ['list'],
  rows: () => ZONES,
}

export const SYSTEM_STATUS: SingletonDefinition = {
  name: 'SystemStatus',
  shape: STATUS,
  about: 'How the PBX is: counts, space, licence, version.',
  can: ['read'],
  area: 'system',
  view: (pbx) => ({
    Id: 1,
    FQDN: pbx.name,
    Version: pbx.version,
    OS: 'Linux',
    Ip: '127.0.0.1',
    IpV4: '127.0.0.1',
    CurrentLocalIp: '127.0.0.1',
    AvailableLocalIps: '127.0.0.1',
    LocalIpValid: true,
    CallsActive: pbx.calls.live.size,
    ExtensionsTotal: pbx.store.rows('Users').length,
    ExtensionsRegistered: count(pbx, 'Users', 'IsRegistered'),
    UserExtensions: pbx.store.rows('Users').length,
    MaxUserExtensions: 10_000,
    TrunksTotal: pbx.store.rows('Trunks').length,
    TrunksRegistered: count(pbx, 'Trunks', 'IsOnline'),
    OutboundRules: pbx.store.rows('OutboundRules').length,
    MaxSimCalls: MAX_SIM_CALLS,
    LicenseKey: LICENCE_KEY,
    LicenseActive: true,
    Activated: true,
    Support: true,
    ProductCode: licence().ProductCode,
    ResellerName: 'PBX simulator (not a 3CX)',
    ExpirationDate: inYear(pbx),
    MaintenanceExpiresAt: inYear(pbx),
    TotalDiskSpace: 64_000_000_000,
    FreeDiskSpace: 48_000_000_000,
    DiskUsage: 25,
    RecordingUsedSpace: pbx.store.rows('recordings').length * 8044,
    RecordingQuota: 10_000_000_000,
    LogUsedSpace: 20_000_000,
    ChatUsedSpace: 0,
    IsAuditLogEnabled: true,
    IsChatLogEnabled: true,
    AutoUpdateEnabled: true,
    BackupScheduled: (pbx.store.single('backup settings').ScheduleEnabled ?? false) === true,
    LastBackupDateTime: pbx.store.rows('Backups').at(-1)?.CreationTime ?? null,
    HasNotRunningServices: pbx.store.rows('Services').some((row) => row.Status !== 'Running'),
    HasUnregisteredSystemExtensions: false,
  }),
  operations: [
    read('SystemStatus', 'SystemHealthStatus', HEALTH, 'What is in order and what is not.', (pbx) => ({
      Id: 1,
      Firewall: true,
      Phones: true,
      Trunks: pbx.store.rows('Trunks').every((trunk) => trunk.IsOnline === true),
      CustomTemplatesCount: 0,
      UnsupportedFirmwaresCount: 0,
    })),
    {
      on: 'SystemStatus',
      name: 'Pbx.SystemTelemetry',
      kind: 'function',
      answers: '[SystemTelemetry]',
      about: 'Load of the machine.',
      run: ({ pbx }) => ({
        kind: 'list',
        rows: [
          {
            CpuUsage: 4,
            FreePhysicalMemory: 2_800_000_000,
            TotalPhysicalMemory: 4_000_000_000,
            FreeDiskSpace: 48_000_000_000,
            TotalDiskSpace: 64_000_000_000,
            Time: pbx.clock.iso(),
          },
        ],
        shape: TELEMETRY,
        context: 'Collection(Pbx.SystemTelemetry)',
      }),
    },
    {
      on: 'SystemStatus',
      name: 'Pbx.SystemExtensions',
      kind: 'function',
      answers: '[SystemExtensionStatus]',
      about: 'Which extensions are registered.',
      run: ({ pbx }) => ({
        kind: 'list',
        rows: pbx.store.rows('Users').map(({ Number: number, DisplayName, IsRegistered }) => ({
          Number: number,
          Name: DisplayName,
          IsRegistered,
        })),
        shape: EXTENSION_STATE,
        context: 'Collection(Pbx.SystemExtensionStatus)',
      }),
    },
  ],
}

export const LICENSE_STATUS: SingletonDefinition = {
  name: 'LicenseStatus',
  shape: LICENCE_STATUS,
  about: 'The licence and to whom it was given.',
  can: ['read'],
  view: (pbx) => ({
    LicenseKey: LICENCE_KEY,
    ProductCode: licence().ProductCode,
    MaxSimCalls: MAX_SIM_CALLS,
    SimMeetingParticipants: 100,
    Activated: true,
    LicenseActive: true,
    Support: true,
    CompanyName: 'PBX simulator (not a 3CX)',
    ContactName: 'Nobody',
    CountryCode: 'HU',
    CountryName: 'Hungary',
    AdminEMail: 'nobody@example.com',
    EMail: 'nobody@example.com',
    ResellerName: 'PBX simulator (not a 3CX)',
    Telephone: '',
    Version: pbx.version,
    ExpirationDate: inYear(pbx),
    MaintenanceExpiresAt: inYear(pbx),
    ActiveModules: [],
  }),
  operations: [
    {
      on: 'LicenseStatus',
      name: 'Pbx.RefreshLicenseStatus',
      kind: 'action',
      answers: null,
      about: 'Would ask for the licence again.',
      run: () => ({ kind: 'nothing' }),
    },
  ],
}

export const PARAMETERS: SetDefinition = {
  name: 'Parameters',
  shape: shape('Parameter', { i32: 'Id', s: 'Description Name Value' }),
  about: 'Settings of the PBX by their raw names.',
  key: 'Id',
  can: ['list', 'create', 'read', 'update', 'delete'],
  operations: [
    {
      on: 'Parameters',
      name: 'Pbx.GetParameterByName',
      kind: 'function',
      params: [['name', 's']],
      answers: 'Parameter',
      about: 'One setting by its name.',
      run: ({ pbx, values }) => {
        const name = readLiteral(values.get('name') ?? '')
        const row = pbx.store.rows('Parameters').find((one) => one.Name === name)
        if (!row) throw notFound(`the parameter ${textOf(name)}`)
        return { kind: 'one', row, shape: PARAMETERS.shape, context: 'Parameters/$entity' }
      },
    },
  ],
}
