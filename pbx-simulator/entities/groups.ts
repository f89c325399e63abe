import { Refusal, refuseField } from '../odata/refusal.ts'
import { completeRoutes, NOWHERE } from '../model/destinations.ts'
import { completeMembers, hasMembers, rightsOf, setMembers } from '../model/membership.ts'
import { checkNumber, firstFreeNumber } from '../model/numbers.ts'
import { ROLES, type Pbx, type Row, type SetDefinition } from '../model/pbx.ts'
import { byKey, removeRow } from '../model/set-routes.ts'
import { shape } from '../model/shape.ts'
import { CLICK_TO_CALL } from '../model/shared-shapes.ts'

const FIRST_GROUP = 1
const ROUTES = ['OfficeRoute', 'OutOfOfficeRoute', 'BreakRoute', 'HolidaysRoute'] as const

shape('GroupProps', {
  i32: 'DectMaxCount DepartmentContactsMaxCount LiveChatMaxCount PersonalContactsMaxCount OutboundRulesMaxCount PromptsMaxCount SbcMaxCount TrunksMaxCount',
  dt: 'SubcriptionExpireDate',
  any: 'StartupLicense',
  s: 'Fqdn ResellerId ResellerName StartupOwnerEmail Subscription SubscriptionType SystemNumberFrom SystemNumberTo TrunkNumberFrom TrunkNumberTo UserNumberFrom UserNumberTo',
})

const RESTRICTIONS = shape('Restrictions', {
  i32: 'MaxPrompts',
  any: 'Dects LiveChats Sbcs System Trunks Users',
})

const GROUP = shape(
  'Group',
  {
    i32: 'AnswerAfter',
    s: 'CustomPrompt Language MusicOnHold Name PromptSet TimeZoneId',
    b: 'AllowCallService DisableCustomPrompt GloballyVisible HasMembers IsDefault OverrideHolidays',
    dt: 'LastLoginTime OverrideExpiresAt',
    Route: 'BreakRoute HolidaysRoute OfficeRoute OutOfOfficeRoute',
    Schedule: 'BreakTime Hours',
    '[CallHandlingFlags]': 'CallHandlingMode',
    GroupHoursMode: 'CurrentGroupHours',
    Destination: 'CustomOperator',
    '[UserGroup]': 'Members',
    '[Holiday]': 'OfficeHolidays',
    GroupProps: 'Props',
    '[Rights]': 'Rights',
  },
  { extends: CLICK_TO_CALL, navigation: 'Members Rights OfficeHolidays' },
)

export const GROUPS: SetDefinition = {
  name: 'Groups',
  lists: ['Members', 'Rights'],
  shape: GROUP,
  about: 'Departments, with their members, hours and routes.',
  key: 'Id',
  can: ['list', 'create', 'read', 'update', 'delete'],
  defaults: (pbx) => newGroup(firstFreeNumber(pbx, FIRST_GROUP, 'GRP')),
  view: (pbx, row) => {
    const members = completeMembers(pbx, row.Id)
    return { ...row, HasMembers: members.length > 0, Members: members }
  },
  check: (pbx, row, before, sent) => {
    checkNumber(pbx, row, before)
    if (typeof row.Name !== 'string' || row.Name.trim() === '') throw refuseField('Name', 'XAPI.REQUIRED')
    const namesake = pbx.store.rows('Groups').find((one) => one.Name === row.Name && one.Id !== before?.Id)
    if (namesake) throw refuseField('Name', 'XAPI.ALREADY_IN_USE')
    completeRoutes(pbx, row, ROUTES)
    if (before && 'Members' in sent) setMembers(pbx, before.Id, sent.Members)
    delete row.HasMembers
  },
  written: (pbx, row, before) => {
    if (!before && row.Members !== undefined) setMembers(pbx, row.Id, row.Members)
    delete row.Members
  },
  deleting: (pbx, row) => refuseUsed(pbx, row),
  operations: [
    {
      on: 'Groups',
      name: 'Pbx.DeleteCompanyById',
      kind: 'action',
      params: [['id', 'i32']],
      answers: null,
      about: 'Removes a department by its id.',
      run: (request) => {
        removeRow(request, GROUPS, byKey(request.pbx, GROUPS, new Map([['key', String(request.body.id)]])))
        return { kind: 'nothing' }
      },
    },
    {
      on: 'Groups',
      name: 'Pbx.DeleteCompanyByNumber',
      kind: 'action',
      params: [['number', 's']],
      answers: null,
      about: 'Removes a department by its number.',
      run: (request) => {
        const row = request.pbx.store.numbered('Groups', request.body.number)
        if (!row) throw new Refusal(404, 'There is no such department.')
        removeRow(request, GROUPS, row)
        return { kind: 'nothing' }
      },
    },
    {
      on: 'Groups({Id})',
      name: 'Pbx.GetRestrictions',
      kind: 'function',
      answers: 'Restrictions',
      about: 'How much a department may have.',
      run: ({ pbx, values }) => {
        byKey(pbx, GROUPS, values)
        const row = { MaxPrompts: 100 }
        return { kind: 'one', row, shape: RESTRICTIONS, context: 'Pbx.Restrictions' }
      },
    },
  ],
}

function refuseUsed(pbx: Pbx, row: Row): void {
  if (row.IsDefault === true) throw refuseField('Id', 'CANNOT_BE_DELETED')
  if (hasMembers(pbx, row.Id)) throw refuseField('Id', 'GROUP_WITH_MEMBERS_CANNOT_BE_DELETED')
}

/** A fresh department. */
export function newGroup(number: string): Row {
  const route = { IsPromptEnabled: false, Prompt: '', Route: NOWHERE }
  return {
    Number: number,
    Name: '',
    Language: 'EN',
    TimeZoneId: '51',
    PromptSet: '1e6ed594-af95-4bb4-af56-b957ac87d6d7',
    IsDefault: false,
    AllowCallService: true,
    GloballyVisible: true,
    OverrideHolidays: false,
    CurrentGroupHours: 'Default',
    OverrideExpiresAt: null,
    OfficeRoute: route,
    OutOfOfficeRoute: route,
    BreakRoute: route,
    HolidaysRoute: route,
    Hours: { Type: 'OfficeHours', IgnoreHolidays: false, Periods: [] },
    BreakTime: { Type: 'Never', IgnoreHolidays: false, Periods: [] },
    OfficeHolidays: [],
    Rights: ROLES.slice(1).map(rightsOf),
    TranscriptionMode: 'Nothing',
    Props: {},
  }
}
