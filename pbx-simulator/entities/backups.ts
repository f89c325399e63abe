import { readLiteral } from '../odata/literal.ts'
import { notFound, refuseField } from '../odata/refusal.ts'
import { storedZip } from '../model/stored-zip.ts'
import type { Pbx, Row, SetDefinition } from '../model/pbx.ts'
import { shape } from '../model/shape.ts'
import { logEvent } from './machine.ts'

/** How long a backup takes; half way it is listed with half its size. */
const BACKUP_MS = 800
const MOST_BACKUPS = 50

const BACKUP = shape('Backups', { i64: 'Size', s: 'DownloadLink FileName', dt: 'CreationTime' })
shape('BackupContents', {
  b: 'CallHistory DisableBackupCompression EncryptBackup FQDN License PhoneProvisioning Prompts Recordings VoiceMails',
  ConcealedPassword: 'EncryptBackupPassword',
})
shape('BackupDescription', { s: 'Name', BackupContents: 'Contents' })
shape('BackupSchedule', {
  i32: 'RepeatHours RepeatMinutes',
  time: 'Time',
  DayOfWeek: 'Day',
  ScheduleType: 'ScheduleType',
})
const SETTINGS = shape('BackupSettings', {
  i32: 'Rotation',
  b: 'ScheduleEnabled',
  BackupContents: 'Contents',
  BackupSchedule: 'Schedule',
})
const EXTRAS = shape('BackupExtras', { i64: 'Footprint', s: 'Version', b: 'IsEncrypted' })

/** The bytes of a backup: a zip with the call data and the names of people, as tables. */
function zipOf(pbx: Pbx): Buffer {
  const table = (rows: readonly Row[], columns: readonly string[]): Buffer =>
    Buffer.from(
      [
        columns.join(','),
        ...rows.map((row) => columns.map((column) => JSON.stringify(row[column] ?? '')).join(',')),
        '',
      ].join('\n'),
    )
  return storedZip([
    {
      name: 'README.txt',
      bytes: Buffer.from('Made by a PBX simulator. This is no 3CX backup and cannot be restored.\n'),
    },
    {
      name: 'DbTables/cdroutput.csv',
      bytes: table(pbx.store.rows('call log'), [
        'CdrId',
        'CallHistoryId',
        'MainCallHistoryId',
        'StartTime',
        'SourceCallerId',
        'DestinationCallerId',
      ]),
    },
    {
      name: 'DbTables/users_view.csv',
      bytes: table(pbx.store.rows('Users'), ['Number', 'FirstName', 'LastName', 'EmailAddress']),
    },
  ])
}

/** Bytes of finished backups by file name and ticket. */
export function backupBytes(pbx: Pbx, name: string, ticket: string): Buffer | null {
  const held = pbx.store.get('backup files', name)
  return held?.ticket === ticket && pbx.store.get('Backups', name) ? (held.bytes as Buffer) : null
}

function start(pbx: Pbx, name: string): void {
  const bytes = zipOf(pbx)
  const ticket = pbx.random.hex(24)
  const row = (size: number): Row => ({
    FileName: name,
    Size: size,
    CreationTime: pbx.clock.iso(),
    DownloadLink: `/MediaFiles/Backups/${encodeURIComponent(name)}?ticket=${ticket}`,
  })
  const finish = (): void => {
    pbx.store.put('backup files', name, { bytes, ticket })
    pbx.store.put('Backups', name, row(bytes.length))
    logEvent(pbx, 'Info', 'Backup', `${name} is complete`)
  }
  if (pbx.instant) return finish()
  pbx.later(BACKUP_MS / 2, () => {
    pbx.store.put('backup files', name, { bytes: Buffer.alloc(0), ticket })
    pbx.store.put('Backups', name, row(Math.floor(bytes.length / 2)))
  })
  pbx.later(BACKUP_MS, finish)
}

const namesOf = (pbx: Pbx): Set<unknown> =>
  new Set([
    ...pbx.store.rows('Backups').map((row) => row.FileName),
    ...pbx.store.rows('backups begun').map((row) => row.FileName),
  ])

export const BACKUPS: SetDefinition = {
  name: 'Backups',
  shape: BACKUP,
  about: 'Backups of the PBX, each one file.',
  key: 'FileName',
  can: ['list', 'delete'],
  area: 'system',
  deleting: (pbx, row) => pbx.store.remove('backups begun', row.FileName),
  operations: [
    {
      on: 'Backups',
      name: 'Pbx.Backup',
      kind: 'action',
      params: [['description', 'BackupDescription']],
      answers: null,
      about: 'Begins a backup; it appears in the list a moment later.',
      run: ({ pbx, body }) => {
        const sent = (body.description as Row | undefined)?.Name
        if (typeof sent !== 'string' || sent.trim() === '') throw refuseField('Name', 'XAPI.REQUIRED')
        if (/[/\\\0]/.test(sent)) throw refuseField('Name', 'XAPI.INVALID_PATH')
        const name = sent.endsWith('.zip') ? sent : `${sent}.zip`
        const names = namesOf(pbx)
        if (names.has(name)) throw refuseField('Name', 'XAPI.DUPLICATE')
        if (names.size >= MOST_BACKUPS) throw refuseField('Name', 'TOO_MANY_BACKUPS')
        pbx.store.put('backups begun', name, { FileName: name })
        start(pbx, name)
        return { kind: 'nothing' }
      },
    },
    {
      on: 'Backups',
      name: 'Pbx.GetCanCreateBackup',
      kind: 'function',
      answers: 'b',
      about: 'Whether a backup may begin.',
      run: ({ pbx }) => ({ kind: 'value', value: namesOf(pbx).size < MOST_BACKUPS, context: 'Edm.Boolean' }),
    },
    {
      on: "Backups('{FileName}')",
      name: 'Pbx.GetBackupExtras',
      kind: 'function',
      answers: 'BackupExtras',
      about: 'What a backup says of itself.',
      run: ({ pbx, values }) => {
        const row = pbx.store.get('Backups', readLiteral(values.get('key') ?? ''))
        if (!row) throw notFound('the backup')
        return {
          kind: 'one',
          row: { Footprint: 0, IsEncrypted: false, Version: pbx.version },
          shape: EXTRAS,
          context: 'Pbx.BackupExtras',
        }
      },
    },
    {
      on: 'Backups',
      name: 'Pbx.GetBackupSettings',
      kind: 'function',
      answers: 'BackupSettings',
      about: 'When backups are made by themselves.',
      run: ({ pbx }) => ({
        kind: 'one',
        row: {
          Rotation: 7,
          ScheduleEnabled: false,
          Contents: { CallHistory: true, License: true, FQDN: true },
          Schedule: {
            ScheduleType: 'Daily',
            Time: '02:00:00',
            Day: 'Monday',
            RepeatHours: 0,
            RepeatMinutes: 0,
          },
          ...pbx.store.single('backup settings'),
        },
        shape: SETTINGS,
        context: 'Pbx.BackupSettings',
      }),
    },
    {
      on: 'Backups',
      name: 'Pbx.SetBackupSettings',
      kind: 'action',
      params: [['settings', 'BackupSettings']],
      answers: null,
      about: 'Changes when backups are made by themselves.',
      run: ({ pbx, body }) => {
        const sent = (body.settings ?? {}) as Row
        pbx.store.setSingle('backup settings', { ...pbx.store.single('backup settings'), ...sent })
        return { kind: 'nothing' }
      },
    },
  ],
}
