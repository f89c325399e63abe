import { shape } from './shape.ts'

/** What several entities hold in common. */
export const CONCEALED = shape('ConcealedPassword', { b: 'Concealed', s: 'Value' })

export const DESTINATION = shape('Destination', {
  s: 'External Name Number',
  '[UserTag]': 'Tags',
  DestinationType: 'To',
  PeerType: 'Type',
})

export const ROUTE = shape('Route', { s: 'Prompt', b: 'IsPromptEnabled', Destination: 'Route' })

export const PERIOD = shape('Period', { time: 'Start Stop', DayOfWeek: 'DayOfWeek' })

export const SCHEDULE = shape('Schedule', {
  b: 'IgnoreHolidays',
  '[Period]': 'Periods',
  RuleHoursType: 'Type',
})

export const PEER_GROUP = shape('PeerGroup', { i32: 'GroupID', s: 'Number Name RoleName', b: 'IsPrimary' })

export const PEER = shape('Peer', {
  i32: 'Id',
  s: 'Name Number',
  b: 'Hidden',
  '[PeerGroup]': 'MemberOf',
  '[UserTag]': 'Tags',
  PeerType: 'Type',
})

export const RIGHTS = shape('Rights', {
  s: 'RoleName',
  b: 'AllowIVR AllowParking AllowToChangePresence AllowToManageCompanyBook AssignClearOperations CanBargeIn CanIntercom CanSeeGroupCalls CanSeeGroupMembers CanSeeGroupRecordings Invalid PerformOperations ShowMyCalls ShowMyPresence ShowMyPresenceOutside',
})

export const USER_GROUP = shape(
  'UserGroup',
  {
    i32: 'GroupId Id',
    s: 'MemberName Name Number',
    b: 'CanDelete',
    Rights: 'GroupRights Rights',
    '[UserTag]': 'Tags',
    TranscriptionType: 'TranscriptionMode',
    PeerType: 'Type',
  },
  { navigation: 'GroupRights Rights' },
)

export const DN = shape(
  'DN',
  { i32: 'Id', s: 'Number', '[UserGroup]': 'Groups', TranscriptionType: 'TranscriptionMode' },
  { navigation: 'Groups' },
)

export const CLICK_TO_CALL = shape(
  'ClickToCall',
  {
    s: 'ClickToCallId',
    b: 'CallUsEnableChat CallUsEnablePhone CallUsEnableVideo',
    Authentication: 'CallUsRequirement',
  },
  { extends: DN },
)

export const HOLIDAY = shape('Holiday', {
  i32: 'Id Year YearEnd',
  u8: 'Day DayEnd Month MonthEnd',
  s: 'Group HolidayPrompt Name',
  b: 'IsRecurrent',
  dur: 'TimeOfEndDate TimeOfStartDate',
})
