import { refuseField } from '../odata/refusal.ts'
import { completeDestination, completeRoutes, NOWHERE } from '../model/destinations.ts'
import { checkGroups, completeGroups, everybodysGroup } from '../model/membership.ts'
import { checkNumber, findDn, firstFreeNumber, nameOfDn } from '../model/numbers.ts'
import type { Pbx, Row, SetDefinition } from '../model/pbx.ts'
import { byKey } from '../model/set-routes.ts'
import { shape } from '../model/shape.ts'
import { CLICK_TO_CALL } from '../model/shared-shapes.ts'
import { firstFree } from './first-free.ts'

shape('QueueAgent', { i32: 'Id', s: 'Name Number SkillGroup', '[UserTag]': 'Tags' })
shape('QueueManager', { i32: 'Id', s: 'Name Number', '[UserTag]': 'Tags' })
shape('RingGroupMember', { i32: 'Id', s: 'Name Number', '[UserTag]': 'Tags' })

const ROUTES = ['BreakRoute', 'HolidaysRoute', 'OutOfOfficeRoute'] as const
const route = { IsPromptEnabled: false, Prompt: '', Route: NOWHERE }
export const NO_ROUTES: Row = { BreakRoute: route, HolidaysRoute: route, OutOfOfficeRoute: route }

const QUEUE = shape(
  'Queue',
  {
    i32: 'AnnounceEstimatedWaitTimeInterval AnnouncementInterval AutoLogoutMissedCalls CallbackEnableTime ComfortPromptsInterval MasterTimeout MaxCallersInQueue RingTimeout SLATime WrapUpTime',
    s: 'CallbackOfferPrompt CallbackPrefix DestinationNoAnswerPrompt GreetingFile IntroFile Name OnHoldFile PromptSet VMEmailList',
    b: 'AgentAvailabilityMode AnnounceEstimatedWaitTime AnnounceQueuePosition CallbackOfferOnly ComfortPromptsEnabled EnableIntro IsRegistered MaxWaitStrategyEnabled PlayFullPrompt PriorityQueue ResetStatisticsScheduleEnabled SkillBasedRingAllCumulativePollingEnabled StopBackgroundWhenPrompt',
    '[QueueAgent]': 'Agents',
    '[QueueManager]': 'Managers',
    Route: 'BreakRoute HolidaysRoute OutOfOfficeRoute',
    '[s]': 'ComfortPrompts',
    '[i32]': 'MaxWaitTimeSkillGroupValues',
    Destination: 'ForwardNoAnswer',
    PollingStrategyType: 'PollingStrategy',
    QueueRecording: 'Recording',
    VMEmailOptionsType: 'VMEmailOptions',
    any: 'NotifyCodes ResetQueueStatisticsSchedule TypeOfChatOwnershipType',
  },
  { extends: CLICK_TO_CALL, navigation: 'Agents Managers' },
)

const RING_GROUP = shape(
  'RingGroup',
  {
    i32: 'MulticastPacketTime MulticastPort RingTime',
    s: 'GreetingFile MulticastAddress MulticastCodec Name VMEmailList',
    b: 'IsRegistered',
    '[RingGroupMember]': 'Members',
    Route: 'BreakRoute HolidaysRoute OutOfOfficeRoute',
    Destination: 'ForwardNoAnswer',
    StrategyType: 'RingStrategy',
    VMEmailOptionsType: 'VMEmailOptions',
  },
  { extends: CLICK_TO_CALL, navigation: 'Members' },
)

/** Extensions of a list with what is known of them; an extension nobody has is refused. */
export function checkExtensions(pbx: Pbx, sent: unknown, field: string): Row[] {
  return (Array.isArray(sent) ? (sent as Row[]) : []).map((member) => {
    const dn = findDn(pbx, member.Number)
    if (dn?.type !== 'Extension') throw refuseField(field, 'XAPI.NON_EXISTENT_EXT_NUMBER')
    return { ...member, Id: dn.row.Id, Number: dn.row.Number, Name: nameOfDn(dn), Tags: [] }
  })
}

/** Takes a removed extension out of the lists it was in. */
const present = (pbx: Pbx, list: unknown): Row[] =>
  (Array.isArray(list) ? (list as Row[]) : []).filter((member) => pbx.store.numbered('Users', member.Number))

export const nameRequired = (row: Row): void => {
  if (typeof row.Name !== 'string' || row.Name.trim() === '') throw refuseField('Name', 'XAPI.REQUIRED')
}

/** What every new DN of a department holds. */
export const inEverybodysGroup = (pbx: Pbx): Row => {
  const group = everybodysGroup(pbx)
  return {
    TranscriptionMode: 'Inherit',
    Groups: group ? [{ GroupId: group.Id, Rights: { RoleName: 'users' } }] : [],
  }
}

export const QUEUES: SetDefinition = {
  name: 'Queues',
  lists: ['Agents', 'Managers'],
  shape: QUEUE,
  about: 'Call queues and their agents.',
  key: 'Id',
  alternate: 'Number',
  can: ['list', 'create', 'read', 'update', 'delete'],
  defaults: (pbx) => ({
    Number: firstFreeNumber(pbx, 800),
    Name: 'Queue',
    PollingStrategy: 'RingAll',
    RingTimeout: 20,
    MasterTimeout: 300,
    MaxCallersInQueue: 20,
    SLATime: 30,
    WrapUpTime: 0,
    AnnouncementInterval: 30,
    Recording: 'Disabled',
    IsRegistered: true,
    ForwardNoAnswer: NOWHERE,
    Agents: [],
    Managers: [],
    ...NO_ROUTES,
    ...inEverybodysGroup(pbx),
  }),
  view: (pbx, row) => ({
    ...row,
    Agents: present(pbx, row.Agents),
    Managers: present(pbx, row.Managers),
    Groups: completeGroups(pbx, row),
  }),
  check: (pbx, row, before, sent) => {
    checkNumber(pbx, row, before)
    nameRequired(row)
    if ('Agents' in sent) row.Agents = checkExtensions(pbx, sent.Agents, 'Agents')
    if ('Managers' in sent) row.Managers = checkExtensions(pbx, sent.Managers, 'Managers')
    if ('Groups' in sent) row.Groups = checkGroups(pbx, sent.Groups)
    row.ForwardNoAnswer = completeDestination(pbx, row.ForwardNoAnswer, 'ForwardNoAnswer')
    completeRoutes(pbx, row, ROUTES)
  },
  operations: [
    firstFree('Queues', 'Pbx.GetFirstAvailableQueueNumber', 800),
    {
      on: 'Queues({Id})',
      name: 'Pbx.ResetQueueStatistics',
      kind: 'action',
      answers: null,
      about: 'Would set the counters of a queue back.',
      run: ({ pbx, values }) => {
        byKey(pbx, QUEUES, values)
        return { kind: 'nothing' }
      },
    },
  ],
}

export const RING_GROUPS: SetDefinition = {
  name: 'RingGroups',
  lists: ['Members'],
  shape: RING_GROUP,
  about: 'Ring groups and their members.',
  key: 'Id',
  alternate: 'Number',
  can: ['list', 'create', 'read', 'update', 'delete'],
  defaults: (pbx) => ({
    Number: firstFreeNumber(pbx, 600),
    Name: 'Ring group',
    RingStrategy: 'RingAll',
    RingTime: 20,
    IsRegistered: true,
    ForwardNoAnswer: NOWHERE,
    Members: [],
    ...NO_ROUTES,
    ...inEverybodysGroup(pbx),
  }),
  view: (pbx, row) => ({ ...row, Members: present(pbx, row.Members), Groups: completeGroups(pbx, row) }),
  check: (pbx, row, before, sent) => {
    checkNumber(pbx, row, before)
    nameRequired(row)
    if ('Members' in sent) row.Members = checkExtensions(pbx, sent.Members, 'Members')
    if ('Groups' in sent) row.Groups = checkGroups(pbx, sent.Groups)
    row.ForwardNoAnswer = completeDestination(pbx, row.ForwardNoAnswer, 'ForwardNoAnswer')
    completeRoutes(pbx, row, ROUTES)
  },
  operations: [firstFree('RingGroups', 'Pbx.GetFirstAvailableRingGroupNumber', 600)],
}
