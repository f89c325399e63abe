import { notFound } from '../odata/refusal.ts'
import type { Operation, Pbx, Row, SetDefinition, SingletonDefinition } from '../model/pbx.ts'
import { shape } from '../model/shape.ts'

const SERVICE = shape('ServiceInfo', {
  i32: 'HandleCount ThreadCount',
  i64: 'MemoryUsed TotalProcessorTime',
  s: 'DisplayName Name',
  b: 'RestartEnabled StartStopEnabled',
  dt: 'SampleTime',
  ServiceStatus: 'Status',
})

shape('ServiceManageOptions', { '[s]': 'ServiceNames' })
shape('ExtensionFilter', { s: 'Number', '[s]': 'CallIds' })

const nothing = { kind: 'nothing' } as const

function setStatus(pbx: Pbx, name: unknown, status: 'Running' | 'Stopped'): void {
  const row = pbx.store.get('Services', name)
  if (!row) throw notFound(`the service ${String(name)}`)
  pbx.store.put('Services', name, { ...row, Status: status })
}

const onService = (name: string, about: string, status: 'Running' | 'Stopped'): Operation => ({
  on: 'Services',
  name: `Pbx.${name}`,
  kind: 'action',
  params: [['options', 'ServiceManageOptions']],
  answers: null,
  about,
  run: ({ pbx, body }) => {
    const names = (body.options as Row | undefined)?.ServiceNames
    for (const service of Array.isArray(names) ? names : []) setStatus(pbx, service, status)
    return nothing
  },
})

export const SERVICES: SetDefinition = {
  name: 'Services',
  shape: SERVICE,
  about: 'The programs the PBX consists of.',
  key: 'Name',
  can: ['list'],
  area: 'system',
  operations: [
    onService('Start', 'Starts a program.', 'Running'),
    onService('Stop', 'Stops a program.', 'Stopped'),
    onService('Restart', 'Stops and starts a program.', 'Running'),
  ],
}

export const EVENT_LOGS: SetDefinition = {
  name: 'EventLogs',
  shape: shape('EventLog', {
    i32: 'EventId Id',
    s: 'Group GroupName Message Source',
    dt: 'TimeGenerated',
    '[s]': 'Params',
    EventLogType: 'Type',
  }),
  about: 'What happened to the PBX.',
  key: 'Id',
  can: ['list'],
  operations: [
    {
      on: 'EventLogs',
      name: 'Pbx.PurgeEventLog',
      kind: 'action',
      answers: null,
      about: 'Empties the log.',
      run: ({ pbx }) => {
        for (const row of pbx.store.rows('EventLogs')) pbx.store.remove('EventLogs', row.Id)
        return nothing
      },
    },
  ],
}

/** Writes an event of the PBX. */
export function logEvent(
  pbx: Pbx,
  type: 'Info' | 'Warning' | 'Error',
  source: string,
  message: string,
): void {
  const id = pbx.store.nextId('event log')
  pbx.store.put('EventLogs', id, {
    Id: id,
    EventId: 4000 + id,
    Type: type,
    Group: 'DEFAULT',
    GroupName: 'DEFAULT',
    Source: source,
    Message: message,
    Params: [],
    TimeGenerated: pbx.clock.iso(),
  })
}

const ACTIVITY = shape('ActivityLogEvent', { i64: 'Index', dt: 'TimeStamp', s: 'Message' })
const AUDIT = shape('AuditLog', {
  i32: 'Action ObjectType Source',
  i64: 'Id',
  s: 'Ip NewData ObjectName PrevData UserName',
  dt: 'Timestamp',
})
const ACTIVITY_FILTER = shape('ActivityLogsFilter', { '[ExtensionFilter]': 'Extensions' })
const REPORT_TOP = 100_000

const wordOf = (values: ReadonlyMap<string, string>, name: string): string =>
  (values.get(name) ?? '').replaceAll("'", '').replace('null', '')

export const LOG_OPERATIONS: readonly Operation[] = [
  {
    on: 'ReportAuditLog',
    name: 'Pbx.GetAuditLogData',
    kind: 'function',
    answers: '[AuditLog]',
    about: 'Who changed what, newest first.',
    area: 'system',
    run: ({ pbx }) => ({
      kind: 'list',
      rows: pbx.store.rows('audit').toReversed(),
      shape: AUDIT,
      context: 'ReportAuditLog',
      maxTop: REPORT_TOP,
    }),
  },
  {
    on: 'ActivityLog',
    name: 'Pbx.GetLogs',
    kind: 'function',
    params: [
      ['startDate', 'dt'],
      ['endDate', 'dt'],
      ['extension', 's'],
      ['call', 's'],
      ['severity', 's'],
    ],
    answers: '[ActivityLogEvent]',
    about: 'What the routing of calls did.',
    area: 'system',
    run: ({ pbx, values }) => {
      const [from, to] = [Date.parse(values.get('startDate') ?? ''), Date.parse(values.get('endDate') ?? '')]
      const [extension, call] = [wordOf(values, 'extension'), wordOf(values, 'call')]
      const rows = pbx.store.rows('activity').filter((row) => {
        const at = Date.parse(String(row.TimeStamp))
        if (at < from || at > to || (extension !== '' && row.extension !== extension)) return false
        return call === '' || row.call === call
      })
      const shown = rows.map(({ Index, TimeStamp, Message }) => ({ Index, TimeStamp, Message }))
      return {
        kind: 'list',
        rows: shown,
        shape: ACTIVITY,
        context: 'Collection(Pbx.ActivityLogEvent)',
        maxTop: REPORT_TOP,
      }
    },
  },
  {
    on: 'ActivityLog',
    name: 'Pbx.GetFilter',
    kind: 'function',
    answers: 'ActivityLogsFilter',
    about: 'The extensions and calls the log knows.',
    area: 'system',
    run: ({ pbx }) => {
      const calls = new Map<string, Set<string>>()
      for (const row of pbx.store.rows('activity')) {
        const known = calls.get(String(row.extension)) ?? new Set()
        calls.set(String(row.extension), known.add(String(row.call)))
      }
      const Extensions = [...calls].map(([number, ids]) => ({ Number: number, CallIds: [...ids] }))
      return { kind: 'one', row: { Extensions }, shape: ACTIVITY_FILTER, context: 'Pbx.ActivityLogsFilter' }
    },
  },
]

const COUNTRIES: readonly (readonly [string, string, string])[] = [
  ['Austria', '43', '00'],
  ['Belgium', '32', '00'],
  ['France', '33', '00'],
  ['Germany', '49', '00'],
  ['Hungary', '36', '00'],
  ['Italy', '39', '00'],
  ['Spain', '34', '00'],
  ['Switzerland', '41', '00'],
  ['United Kingdom', '44', '00'],
  ['United States', '1', '011'],
]

export const COUNTRY_LIST: SetDefinition = {
  name: 'Countries',
  shape: shape('Country', { s: 'Continent CountryCode ExitCode Name', '[s]': 'CountryCodes' }),
  about: 'Countries and their dialling codes.',
  key: 'Name',
  can: ['list'],
  rows: () =>
    COUNTRIES.map(([Name, code, ExitCode]) => ({ Name, CountryCode: code, CountryCodes: [code], ExitCode })),
}

export const COUNTRY_CODES: SingletonDefinition = {
  name: 'CountryCodes',
  shape: shape('CountryCodes', { '[s]': 'CountryCodes' }),
  about: 'Dialling codes people may call.',
  can: ['read', 'update'],
  initial: () => ({ CountryCodes: ['36', '33', '49'] }),
}
