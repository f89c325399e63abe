import { NOWHERE } from '../model/destinations.ts'
import type { Pbx, Row } from '../model/pbx.ts'
import { shape } from '../model/shape.ts'

shape('AvailableRouting', {
  b: 'BusyAllCalls NoAnswerAllCalls NotRegisteredAllCalls',
  Destination:
    'BusyExternal BusyInternal NoAnswerExternal NoAnswerInternal NotRegisteredExternal NotRegisteredInternal',
})

shape('AwayRouting', {
  b: 'AllHoursExternal AllHoursInternal',
  Destination: 'External Internal',
})

shape('ForwardingProfile', {
  i32: 'Id NoAnswerTimeout',
  s: 'CustomMessage CustomName Name',
  b: 'AcceptMultipleCalls BlockPushCalls DisableRingGroupCalls OfficeHoursAutoQueueLogOut RingMyMobile',
  AvailableRouting: 'AvailableRoute',
  AwayRouting: 'AwayRoute',
})

shape('ExtensionRule', {
  i32: 'Id',
  s: 'Data',
  b: 'Enabled',
  RuleCallTypeType: 'CallType',
  RuleConditionType: 'Condition',
  Destination: 'Destination',
  Schedule: 'Hours',
})

const PROFILES = ['Available', 'Away', 'Out of office', 'Custom 1', 'Custom 2'] as const
const toVoiceMail: Row = { ...NOWHERE, To: 'VoiceMail' }

/** The profiles every extension has. */
export const forwardingProfiles = (pbx: Pbx): Row[] =>
  PROFILES.map((name) => ({
    Id: pbx.store.nextId('forwarding profile'),
    Name: name,
    CustomName: '',
    CustomMessage: '',
    NoAnswerTimeout: 20,
    AcceptMultipleCalls: true,
    RingMyMobile: false,
    AvailableRoute:
      name === 'Available'
        ? {
            BusyAllCalls: true,
            NoAnswerAllCalls: true,
            NotRegisteredAllCalls: true,
            BusyExternal: toVoiceMail,
            BusyInternal: toVoiceMail,
            NoAnswerExternal: toVoiceMail,
            NoAnswerInternal: toVoiceMail,
            NotRegisteredExternal: toVoiceMail,
            NotRegisteredInternal: toVoiceMail,
          }
        : null,
    AwayRoute: name === 'Available' ? null : { External: toVoiceMail, Internal: toVoiceMail },
  }))
