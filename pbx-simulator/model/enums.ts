const words = (text: string): readonly string[] => text.split(' ')

/** The words a field of a kind may hold. */
export const ENUMS: Readonly<Record<string, readonly string[]>> = {
  AddedBy: words('Manual Mcu Webmeeting AutoBlacklist Whitelist'),
  Authentication: words('Both Name Email None'),
  BlockType: words('Block Allow'),
  CallHandlingFlags: words('WelcomeMessageForIncomingCalls HoldCall'),
  CfaRoutingType: words('DialCode Forward Trunk'),
  ContactSource: words('3CX CRM Google M365'),
  ContactType: words('Company Personal'),
  CrmTestMode: words('PhoneExact Search Email'),
  DayOfWeek: words('Sunday Monday Tuesday Wednesday Thursday Friday Saturday'),
  DestinationType: words(
    'None VoiceMail Extension Queue RingGroup IVR External Fax Boomerang Deflect VoiceMailOfDestination Callback RoutePoint ProceedWithNoExceptions',
  ),
  DirectionType: words('None Inbound Outbound Both'),
  EventLogType: words('Error Warning Info'),
  GatewayType: words('Unknown Analog Provider BridgeMaster BridgeSlave BridgeSlaveOverTunnel BRI T1 E1'),
  GroupHoursMode: words(
    'Default ForceOpened ForceClosed ForceBreak ForceCustomOperator ForceHoliday HasForcedMask',
  ),
  IVRForwardType: words(
    'EndCall Extension RingGroup Queue IVR VoiceMail CallByName RepeatPrompt CustomInput',
  ),
  IVRType: words('Default CodeBased ScriptBased Wakeup'),
  OfficeHoursBits: words('GlobalSchedule AutoSwitchProfiles AutoQueueLogOut BlockOutboundCalls'),
  PeerType: words(
    'None Extension Queue RingGroup IVR Fax Conference SpecialMenu Parking ExternalLine Group RoutePoint',
  ),
  PhonebookPriorityOptions: words('NotQueryIfInPhonebookFound AlwaysQuery'),
  PollingStrategyType: words(
    'Hunt RingAll HuntRandomStart NextAgent LongestWaiting LeastTalkTime FewestAnswered HuntBy3s First3Available SkillBasedRouting_RingAll SkillBasedRouting_HuntRandomStart SkillBasedRouting_RoundRobin SkillBasedRouting_FewestAnswered',
  ),
  QueueRecording: words('Disabled AllowToOptOut AskToOptIn'),
  QueueStatusType: words('LoggedOut LoggedIn'),
  RecordingCallType: words('Local InboundExternal OutboundExternal'),
  RuleCallTypeType: words('AllCalls InternalCallsOnly ExternalCallsOnly'),
  RuleConditionType: words('NoAnswer PhoneBusy PhoneNotRegistered ForwardAll BasedOnCallerID BasedOnDID'),
  RuleHoursType: words(
    'AllHours OfficeHours OutOfOfficeHours SpecificHours SpecificHoursExcludingHolidays OutOfSpecificHours OutOfSpecificHoursIncludingHolidays Never BreakTime',
  ),
  ScheduleType: words('Daily Weekly Monthly Hourly Minutely Immediate'),
  ServiceStatus: words('Stopped StartPending StopPending Running ContinuePending PausePending Paused'),
  SRTPModeType: words('SRTPDisabled SRTPEnabled SRTPEnforced'),
  StrategyType: words('Hunt RingAll Paging'),
  TranscriptionType: words('Nothing Voicemail Recordings Both Inherit'),
  TypeOfCDRLog: words('SingleFileForAllCalls SingleFileForEachCall PassiveSocket ActiveSocket'),
  UserTag: words('MS Teams Google WakeUp FaxServer Principal WeakID WeakPass WM AI'),
  VMEmailOptionsType: words(
    'None Notification Attachment AttachmentAndDelete VmailToMembers EmailToExtrasOnly',
  ),
  XOperatingSystemType: words('Other Linux Windows'),
}

/** Kinds that may hold several words at once, separated by commas. */
export const FLAGS: ReadonlySet<string> = new Set([
  'CallHandlingFlags',
  'GroupHoursMode',
  'OfficeHoursBits',
  'TranscriptionType',
])
