/**
 * The entities of a PBX with the fields that most people want, under the names the PBX gives them. There are more
 * fields, and any may be missing from an answer; the PBX's own description has them all.
 */
type More = { [field: string]: unknown }

export type Destination = More & {
  To?: string
  Type?: string
  Number?: string
  External?: string
  Name?: string
}
export type Route = More & { Route?: Destination | null; Prompt?: string | null; IsPromptEnabled?: boolean }
export type Period = More & { DayOfWeek?: string; Start?: string; Stop?: string }
export type Schedule = More & { Type?: string; IgnoreHolidays?: boolean; Periods?: Period[] }
export type Peer = More & { Id?: number; Number?: string; Name?: string; Type?: string }
export type Numbered = More & { Id?: number; Number?: string; Name?: string }

export type User = More & {
  Id?: number
  Number?: string
  FirstName?: string
  LastName?: string
  DisplayName?: string
  EmailAddress?: string
  Mobile?: string
  Enabled?: boolean
  IsRegistered?: boolean
  CurrentProfileName?: string
  QueueStatus?: string
  PrimaryGroupId?: number
  Groups?: More[]
}
export type Group = Numbered & {
  Language?: string
  TimeZoneId?: string
  IsDefault?: boolean
  HasMembers?: boolean
  Hours?: Schedule
  BreakTime?: Schedule
  CurrentGroupHours?: string
  OverrideExpiresAt?: string
  OfficeRoute?: Route
  OutOfOfficeRoute?: Route
  BreakRoute?: Route
  HolidaysRoute?: Route
  OfficeHolidays?: Holiday[]
  Members?: More[]
}
export type Queue = Numbered & {
  PollingStrategy?: string
  RingTimeout?: number
  MasterTimeout?: number
  MaxCallersInQueue?: number
  SLATime?: number
  Agents?: Numbered[]
  Managers?: Numbered[]
  ForwardNoAnswer?: Destination
}
export type RingGroup = Numbered & {
  RingStrategy?: string
  RingTime?: number
  Members?: Numbered[]
  ForwardNoAnswer?: Destination
}
export type Ivr = Numbered & {
  IVRType?: string
  Timeout?: number
  PromptFilename?: string
  TimeoutForwardDN?: string
  TimeoutForwardType?: string
  Forwards?: (More & { Id?: number; Input?: string; ForwardType?: string; ForwardDN?: string })[]
}
export type Trunk = More & {
  Id?: number
  Number?: string
  ExternalNumber?: string
  IsOnline?: boolean
  ConfigurationIssue?: string
  SimultaneousCalls?: number
  DidNumbers?: string[]
  Gateway?: More & { Name?: string; Host?: string; Port?: number; Type?: string }
}
export type DidNumber = More & { Number?: string; TrunkId?: number; RoutingRule?: InboundRule | null }
export type InboundRule = More & {
  Id?: number
  RuleName?: string
  Condition?: string
  Data?: string
  CallType?: string
  TrunkDN?: Peer
  Hours?: Schedule
  OfficeHoursDestination?: Destination
  OutOfOfficeHoursDestination?: Destination
  HolidaysDestination?: Destination
  AlterDestinationDuringOutOfOfficeHours?: boolean
  AlterDestinationDuringHolidays?: boolean
}
export type InboundRuleReport = More & {
  Id?: number
  RuleName?: string
  DID?: string
  Trunk?: string
  InOfficeRouting?: Destination
  OutOfficeRouting?: Destination
}
export type Holiday = More & {
  Id?: number
  Name?: string
  Day?: number
  Month?: number
  Year?: number
  DayEnd?: number
  MonthEnd?: number
  YearEnd?: number
  TimeOfStartDate?: string
  TimeOfEndDate?: string
  IsRecurrent?: boolean
  Group?: string
}
export type OfficeHours = More & {
  Hours?: Schedule
  BreakTime?: Schedule
  OfficeHolidays?: Holiday[]
  TimeZoneId?: string
  SystemLanguage?: string
}
export type Contact = More & {
  Id?: number
  ContactType?: string
  FirstName?: string
  LastName?: string
  CompanyName?: string
  Email?: string
  PhoneNumber?: string
  Mobile2?: string
  Business?: string
  Business2?: string
  Home?: string
  Other?: string
}
export type CallLogRow = More & {
  CdrId?: string
  MainCallHistoryId?: string
  CallHistoryId?: string
  SegmentId?: number
  StartTime?: string
  Direction?: string
  Status?: string
  Answered?: boolean
  SourceDn?: string
  SourceCallerId?: string
  SourceDisplayName?: string
  DestinationDn?: string
  DestinationCallerId?: string
  DestinationDisplayName?: string
  /** ISO 8601 durations, such as PT1M5S. */
  RingingDuration?: string
  TalkingDuration?: string
  RecordingUrl?: string
}
export type ActiveCall = More & {
  Id?: number
  Caller?: string
  Callee?: string
  Status?: string
  LastChangeStatus?: string
  EstablishedAt?: string
  ServerNow?: string
}
export type Recording = More & {
  Id?: number
  RecordingUrl?: string
  StartTime?: string
  EndTime?: string
  FromCallerNumber?: string
  ToCallerNumber?: string
  FromDn?: string
  ToDn?: string
  CallType?: string
  IsArchived?: boolean
  Transcription?: string
}
export type Backup = More & { FileName?: string; CreationTime?: string; Size?: number; DownloadLink?: string }
export type BackupContents = More & {
  CallHistory?: boolean
  Prompts?: boolean
  PhoneProvisioning?: boolean
  License?: boolean
  FQDN?: boolean
  VoiceMails?: boolean
  Recordings?: boolean
  EncryptBackup?: boolean
  EncryptBackupPassword?: { Value: string }
  DisableBackupCompression?: boolean
}
export type SystemStatus = More & {
  FQDN?: string
  Version?: string
  MaxSimCalls?: number
  CallsActive?: number
  ExtensionsRegistered?: number
  ExtensionsTotal?: number
  TrunksRegistered?: number
  TrunksTotal?: number
  FreeDiskSpace?: number
  TotalDiskSpace?: number
  BackupScheduled?: boolean
  LastBackupDateTime?: string
  IsAuditLogEnabled?: boolean
  ExpirationDate?: string
  MaintenanceExpiresAt?: string
}
export type LicenseStatus = More & {
  LicenseKey?: string
  ProductCode?: string
  LicenseActive?: boolean
  MaxSimCalls?: number
  ExpirationDate?: string
  MaintenanceExpiresAt?: string
}
export type AuditLogRow = More & {
  Id?: number
  Timestamp?: string
  UserName?: string
  Ip?: string
  Action?: number
  ObjectType?: number
  ObjectName?: string
  Source?: number
  /** JSON texts. */
  PrevData?: string
  NewData?: string
}
export type CdrSettings = More & {
  Enabled?: boolean
  LogType?: string
  SocketIpAddress?: string
  SocketPort?: number
  RemoveCommaDelimiters?: boolean
  EnabledFields?: { Name: string; Length: number }[]
  PossibleFields?: string[]
}
export type CrmTestResult = More & {
  IsError?: boolean
  Message?: string
  Log?: string
  SearchResult?: More[]
}
export type MakeCallResult = More & {
  FinalStatus?: string | number
  Reason?: string
  ReasonText?: string
  Result?: More & { Id?: number; Status?: string; DN?: string; CallId?: number; LegId?: number }
}
