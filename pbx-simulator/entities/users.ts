import { readLiteral } from '../odata/literal.ts'
import { refuseField } from '../odata/refusal.ts'
import { checkGroups, completeGroups, everybodysGroup } from '../model/membership.ts'
import { checkNumber, findDn, findDnById, firstFreeNumber } from '../model/numbers.ts'
import type { Answer, Pbx, Request, Row, SetDefinition } from '../model/pbx.ts'
import { byKey, removeRow, updateRow } from '../model/set-routes.ts'
import { shape } from '../model/shape.ts'
import { CLICK_TO_CALL } from '../model/shared-shapes.ts'
import { forwardingProfiles } from './forwarding.ts'
import { makeCall } from './make-call.ts'
import { textOf } from '../model/text.ts'
import { firstFree } from './first-free.ts'

export const FIRST_EXTENSION = 100

shape('Greeting', { s: 'DisplayName Filename Type' })
shape('Phone', {
  i32: 'Id',
  s: 'Interface MacAddress Name TemplateName ProvisioningLinkExt ProvisioningLinkLocal',
  any: 'Settings',
})

const USER = shape(
  'User',
  {
    i32: 'PinProtectTimeout PrimaryGroupId',
    s: 'AccessPassword AuthID AuthPassword Blfs ContactImage CurrentProfileName DeskphonePassword DisplayName EmailAddress EmergencyAdditionalInfo EmergencyLocationId FirstName HotdeskingAssignment Language LastName Mobile OutboundCallerID PromptSet SIPID VMPIN WebMeetingFriendlyName',
    b: 'AIAgent AllowLanOnly AllowOwnRecordings BlockTunnel CallScreening DatevEnabled Enable2FA Enabled EnableHotdesking ForbidRecording GoogleCalendarEnabled GoogleContactsEnabled GoogleSignInEnabled HideInPhonebook Internal IsRegistered MS365CalendarEnabled MS365ContactsEnabled MS365SignInEnabled MS365TeamsEnabled MyPhoneAllowDeleteRecordings MyPhoneHideForwardings MyPhonePush MyPhoneShowRecordings PbxDeliversAudio PinProtected RecordCalls RecordEmailNotify RecordExternalCallsOnly Require2FA SendEmailMissedCalls VMDisablePinAuth VMEnabled VMPlayCallerID WebMeetingApproveParticipants',
    Schedule: 'BreakTime Hours',
    '[ExtensionRule]': 'ForwardingExceptions',
    '[ForwardingProfile]': 'ForwardingProfiles',
    '[Greeting]': 'Greetings',
    '[Phone]': 'Phones',
    QueueStatusType: 'QueueStatus',
    SRTPModeType: 'SRTPMode',
    '[UserTag]': 'Tags',
    VMEmailOptionsType: 'VMEmailOptions',
    '[OfficeHoursBits]': 'OfficeHoursProps',
    any: 'AgentSettings VMPlayMsgDateTime',
  },
  { extends: CLICK_TO_CALL, navigation: 'ForwardingExceptions ForwardingProfiles Greetings Phones' },
)

export const BATCH_FAILURE = shape('UserDeleteError', { s: 'ExtensionNumber Error' })

const value = (answer: unknown): Answer => ({ kind: 'value', value: answer, context: 'Edm.String' })
const nothing: Answer = { kind: 'nothing' }

function checkMail(row: Row): void {
  const mail = row.EmailAddress
  if (mail === undefined || mail === null || mail === '') return
  if (typeof mail !== 'string' || !/^[^\s@]+@[^\s@]+$/.test(mail))
    throw refuseField('EmailAddress', 'INVALID')
}

/** Calls rows of the ids that were sent, and changes each. */
function changeAll(request: Request, ids: unknown, change: (row: Row) => Row): Answer {
  for (const id of Array.isArray(ids) ? ids : []) {
    const row = request.pbx.store.get('Users', id)
    if (!row) throw refuseField('ids', 'XAPI.NOT_FOUND')
    updateRow(request, USERS, row, change(row))
  }
  return nothing
}

export const USERS: SetDefinition = {
  name: 'Users',
  lists: ['Groups', 'ForwardingProfiles', 'Greetings'],
  shape: USER,
  about: 'Extensions: the people of the PBX and their phones.',
  key: 'Id',
  alternate: 'Number',
  can: ['list', 'create', 'read', 'update', 'delete'],
  defaults: (pbx, sent) => {
    const number =
      typeof sent.Number === 'string' && sent.Number !== ''
        ? sent.Number
        : firstFreeNumber(pbx, FIRST_EXTENSION)
    return {
      ...newUser(pbx, number),
      DisplayName: [sent.FirstName, sent.LastName].filter((part) => typeof part === 'string').join(' '),
    }
  },
  view: (pbx, row) => ({ ...row, Groups: completeGroups(pbx, row) }),
  check: (pbx, row, before, sent) => {
    if (!before && row.Number === '') row.Number = firstFreeNumber(pbx, FIRST_EXTENSION)
    checkNumber(pbx, row, before)
    if (typeof row.Number === 'string' && !/^\d+$/.test(row.Number)) throw refuseField('Number', 'INVALID')
    checkMail(row)
    if ('Groups' in sent) row.Groups = checkGroups(pbx, sent.Groups)
    if ('FirstName' in sent || 'LastName' in sent)
      row.DisplayName = [row.FirstName, row.LastName].filter(Boolean).join(' ')
  },
  operations: [
    firstFree('Users', 'Pbx.GetFirstAvailableExtensionNumber', FIRST_EXTENSION),
    {
      on: 'Users',
      name: 'Pbx.BatchDelete',
      kind: 'action',
      params: [['ids', '[i32]']],
      answers: '[UserDeleteError]',
      about: 'Removes several extensions; answers those that could not be removed.',
      run: (request) => {
        const failures: Row[] = []
        for (const id of Array.isArray(request.body.ids) ? request.body.ids : []) {
          const row = request.pbx.store.get('Users', id)
          if (row) removeRow(request, USERS, row)
          else failures.push({ ExtensionNumber: String(id), Error: 'WARNINGS.XAPI.NOT_FOUND' })
        }
        return {
          kind: 'list',
          rows: failures,
          shape: BATCH_FAILURE,
          context: 'Collection(Pbx.UserDeleteError)',
        }
      },
    },
    {
      on: 'Users',
      name: 'Pbx.BulkUpdate',
      kind: 'action',
      params: [
        ['ids', '[i32]'],
        ['user', 'User'],
      ],
      answers: null,
      about: 'Changes the same fields of several extensions.',
      run: (request) => changeAll(request, request.body.ids, () => (request.body.user ?? {}) as Row),
    },
    {
      on: 'Users',
      name: 'Pbx.MultiUserUpdate',
      kind: 'action',
      params: [
        ['ids', '[i32]'],
        ['user', 'User'],
      ],
      answers: null,
      about: 'As BulkUpdate.',
      run: (request) => changeAll(request, request.body.ids, () => (request.body.user ?? {}) as Row),
    },
    {
      on: 'Users',
      name: 'Pbx.RegeneratePasswords',
      kind: 'action',
      params: [
        ['Ids', '[i32]'],
        ['opts', 'any'],
      ],
      answers: null,
      about: 'New passwords for several extensions.',
      run: (request) =>
        changeAll(request, request.body.Ids, () => ({ AuthPassword: request.pbx.random.password(12) })),
    },
    {
      on: 'Users({Id})',
      name: 'Pbx.Regenerate',
      kind: 'action',
      answers: null,
      about: 'New passwords for one extension.',
      run: (request) => {
        const row = byKey(request.pbx, USERS, request.values)
        updateRow(request, USERS, row, { AuthPassword: request.pbx.random.password(12) })
        return nothing
      },
    },
    {
      on: 'Users({Id})',
      name: 'Pbx.SendWelcomeEmail',
      kind: 'action',
      answers: null,
      about: 'Would send mail; the simulator only looks whether there is an address.',
      run: (request) => {
        const row = byKey(request.pbx, USERS, request.values)
        if (!row.EmailAddress) throw refuseField('EmailAddress', 'XAPI.REQUIRED')
        return nothing
      },
    },
    {
      on: 'Users({Id})',
      name: 'Pbx.GenerateProvLink',
      kind: 'function',
      answers: 's',
      about: 'An address that would set up an app.',
      run: ({ pbx, values }) => {
        const row = byKey(pbx, USERS, values)
        return value(`https://${pbx.name}/provisioning/${String(row.Number)}/${pbx.random.hex(12)}`)
      },
    },
    {
      on: 'Users',
      name: 'Pbx.GetDuplicatedEmails',
      kind: 'action',
      params: [['emails', '[s]']],
      answers: '[s]',
      about: 'Which of the addresses somebody has already.',
      run: ({ pbx, body }) => {
        const taken = new Set(pbx.store.rows('Users').map((row) => row.EmailAddress))
        const asked = Array.isArray(body.emails) ? body.emails : []
        return {
          kind: 'value',
          value: asked.filter((mail) => taken.has(mail)),
          context: 'Collection(Edm.String)',
        }
      },
    },
    {
      on: 'Users',
      name: 'Pbx.ExportExtensions',
      kind: 'function',
      answers: 'file',
      about: 'The extensions as CSV.',
      run: ({ pbx }) => {
        const lines = pbx.store
          .rows('Users')
          .map(({ Number: number, FirstName, LastName, EmailAddress }) =>
            [number, FirstName, LastName, EmailAddress]
              .map((cell) => `"${textOf(cell).replaceAll('"', '""')}"`)
              .join(','),
          )
        const text = ['Number,FirstName,LastName,EmailAddress', ...lines].join('\r\n')
        return { kind: 'file', bytes: Buffer.from(`${text}\r\n`), type: 'text/csv', name: 'extensions.csv' }
      },
    },
    makeCall(),
  ],
}

/** A fresh extension with what the PBX gives it. */
export function newUser(pbx: Pbx, number: string): Row {
  return {
    Number: number,
    FirstName: '',
    LastName: '',
    DisplayName: '',
    EmailAddress: '',
    Mobile: '',
    OutboundCallerID: '',
    Enabled: true,
    IsRegistered: false,
    Internal: false,
    Require2FA: false,
    VMEnabled: true,
    RecordCalls: false,
    Language: 'EN',
    AuthID: pbx.random.password(10),
    AuthPassword: pbx.random.password(12),
    SRTPMode: 'SRTPDisabled',
    VMEmailOptions: 'Notification',
    QueueStatus: 'LoggedIn',
    CurrentProfileName: 'Available',
    ForwardingProfiles: forwardingProfiles(pbx),
    ForwardingExceptions: [],
    Greetings: [],
    Phones: [],
    Tags: [],
    TranscriptionMode: 'Inherit',
    PrimaryGroupId: everybodysGroup(pbx)?.Id ?? null,
    Groups: everybodysGroup(pbx)
      ? [{ GroupId: everybodysGroup(pbx)?.Id, Rights: { RoleName: 'users' } }]
      : [],
  }
}

export const literalOf = (values: ReadonlyMap<string, string>, name: string): unknown =>
  readLiteral(values.get(name) ?? 'null')

export const isDn = (pbx: Pbx, id: unknown): boolean =>
  (typeof id === 'number' ? findDnById(pbx, id) : findDn(pbx, id)) !== null
