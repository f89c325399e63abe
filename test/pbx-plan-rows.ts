import { lastDayOf, type Feast, type Hours, type Period, type RuleHours } from './pbx-plan-hours.ts'
import { FAX, FLOW, type Exception, type Goal, type Person, type Plan, type Routes } from './pbx-plans.ts'

const DAY_NAMES = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

const DESTINATIONS: Record<Goal['to'], string> = {
  end: 'None',
  extension: 'Extension',
  mailbox: 'VoiceMail',
  mailboxOfDestination: 'VoiceMailOfDestination',
  queue: 'Queue',
  ring: 'RingGroup',
  menu: 'IVR',
  outside: 'External',
  mobile: 'Boomerang',
  deflect: 'Deflect',
  fax: 'Fax',
  flow: 'RoutePoint',
  department: 'Group',
  callback: 'Callback',
  proceed: 'ProceedWithNoExceptions',
  dial: 'CustomInput',
  again: 'RepeatPrompt',
}
const OUTSIDE = new Set<Goal['to']>(['outside', 'mobile', 'deflect'])
export type PbxRow = Record<string, unknown>
/** Ids a PBX has for zones and departments. */
export type Ids = { zone: (name: string) => string; department: (number: string) => number }

const destination = ({ to, number }: Goal): PbxRow => ({
  To: DESTINATIONS[to],
  Number: OUTSIDE.has(to) ? '' : number,
  External: OUTSIDE.has(to) ? number : '',
})
const schedule = (Type: string, periods: Period[] = [], IgnoreHolidays = false): PbxRow => ({
  Type,
  IgnoreHolidays,
  Periods: periods.map(({ day, start, stop }) => ({ DayOfWeek: DAY_NAMES[day], Start: start, Stop: stop })),
})
const RULE_HOURS: Record<RuleHours, string> = {
  office: 'OfficeHours',
  closed: 'OutOfOfficeHours',
  breaks: 'BreakTime',
  always: 'AllHours',
  never: 'Never',
  own: 'SpecificHours',
  ownWithoutFeasts: 'SpecificHoursExcludingHolidays',
  notOwn: 'OutOfSpecificHours',
  notOwnAndFeasts: 'OutOfSpecificHoursIncludingHolidays',
}
const WEEKS = {
  main: 'OfficeHours',
  always: 'AllHours',
  never: 'Never',
  within: 'SpecificHours',
  outside: 'OutOfSpecificHours',
}
const BY_HAND: Record<Hours, string> = {
  office: 'ForceOpened',
  out: 'ForceClosed, HasForcedMask',
  break: 'ForceBreak',
  holiday: 'ForceHoliday',
  operator: 'ForceCustomOperator',
}
const ruleSchedule = ({ ownPeriods }: Plan, hours: RuleHours, ignores = false): PbxRow =>
  schedule(RULE_HOURS[hours], /own/i.test(hours) ? ownPeriods : [], ignores)

function holiday(feast: Feast, group = ''): PbxRow {
  const last = lastDayOf(feast)
  const [year, month, day] =
    feast.days === 1 ? [feast.year, feast.month, feast.day] : last.split('-').map(Number)
  const duration = (minute: number) => `PT${Math.floor(minute / 60)}H${minute % 60}M`
  return {
    Name: feast.name,
    Year: feast.year,
    Month: feast.month,
    Day: feast.day,
    YearEnd: feast.year === 0 ? 0 : year,
    MonthEnd: month,
    DayEnd: day,
    IsRecurrent: feast.year === 0,
    TimeOfStartDate: duration(feast.from),
    TimeOfEndDate: duration(feast.until),
    Group: group,
  }
}

const route = (goal: Goal | null): PbxRow => ({
  IsPromptEnabled: false,
  Prompt: '',
  Route: destination(goal ?? { to: 'end', number: '' }),
})
const routes = ({ holiday: onHolidays, break: inBreaks, out }: Routes): PbxRow => ({
  HolidaysRoute: route(onHolidays),
  BreakRoute: route(inBreaks),
  OutOfOfficeRoute: route(out),
})

const CONDITIONS: Record<Exception['on'], string> = {
  caller: 'BasedOnCallerID',
  all: 'ForwardAll',
  noanswer: 'NoAnswer',
  busy: 'PhoneBusy',
  gone: 'PhoneNotRegistered',
}
/** What calls between extensions do; no call of a trace is one. */
const INSIDE = destination({ to: 'extension', number: '999' })

function user(plan: Plan, person: Person, groups: PbxRow): PbxRow {
  const { number, isOn, hasMailbox, isInRings, statuses, exceptions, now } = person
  return {
    Number: number,
    FirstName: `U${number}`,
    Enabled: isOn,
    VMEnabled: hasMailbox,
    IsRegistered: now.hasPhone,
    QueueStatus: now.isLoggedIn ? 'LoggedIn' : 'LoggedOut',
    CurrentProfileName: now.status,
    ForwardingProfiles: statuses.map((status, index) => ({
      Id: Number(number) * 10 + index,
      Name: status.name,
      NoAnswerTimeout: 20,
      AcceptMultipleCalls: !now.isBusy,
      DisableRingGroupCalls: !isInRings,
      AvailableRoute:
        status.does === 'ring'
          ? {
              NoAnswerExternal: destination(status.missed.noanswer),
              BusyExternal: destination(status.missed.busy),
              NotRegisteredExternal: destination(status.missed.gone),
              NoAnswerInternal: INSIDE,
              BusyInternal: INSIDE,
              NotRegisteredInternal: INSIDE,
            }
          : null,
      AwayRoute: status.does === 'leave' ? { External: destination(status.goal), Internal: INSIDE } : null,
    })),
    ForwardingExceptions: exceptions.map((exception, index) => ({
      Id: Number(number) * 10 + index,
      Condition: CONDITIONS[exception.on],
      Data: exception.on === 'caller' ? exception.mask : '',
      Enabled: exception.isOn,
      CallType: exception.isInside ? 'InternalCallsOnly' : 'AllCalls',
      Hours: exception.hours && ruleSchedule(plan, exception.hours),
      Destination: destination(exception.goal),
    })),
    ...groups,
  }
}

/** The rows of a PBX set up like this, by its names for the sets. */
export function rowsOf(plan: Plan, ids: Ids): { [set: string]: PbxRow[] } {
  const groupsOf = (department: string | null): PbxRow => ({
    Groups: department === null ? [] : [{ GroupId: ids.department(department) }],
  })
  return {
    Users: plan.people.map((person) =>
      user(plan, person, {
        ...groupsOf(person.department),
        PrimaryGroupId: person.department && ids.department(person.department),
      }),
    ),
    Groups: plan.departments.map((department) => ({
      Id: ids.department(department.number),
      Number: department.number,
      Name: department.name,
      TimeZoneId: ids.zone(department.zone),
      Hours: schedule(WEEKS[department.week.is], department.week.periods, department.ignoresFeasts),
      BreakTime:
        department.pauses === null ? schedule('OfficeHours') : schedule('SpecificHours', department.pauses),
      // Some stand with their department, the others among all holidays under its number or name.
      OfficeHolidays: department.feasts.slice(0, 1).map((feast) => holiday(feast)),
      OverrideHolidays: department.hasOnlyOwnFeasts,
      CurrentGroupHours: department.byHand ? BY_HAND[department.byHand.hours] : 'Default',
      OverrideExpiresAt:
        typeof department.byHand?.until === 'number' ? new Date(department.byHand.until).toISOString() : null,
      OfficeRoute: route(department.goals.office),
      OutOfOfficeRoute: route(department.goals.out),
      BreakRoute: route(department.goals.break),
      HolidaysRoute: route(department.goals.holiday),
      CustomOperator: destination(department.goals.operator),
    })),
    Queues: plan.queues.map((queue) => ({
      Number: queue.number,
      Name: `Queue ${queue.number}`,
      PollingStrategy: 'RingAll',
      Agents: queue.people.map((Number) => ({ Number })),
      ForwardNoAnswer: destination(queue.unanswered),
      ...routes(queue.routes),
      ...groupsOf(queue.department),
    })),
    RingGroups: plan.rings.map((ring) => ({
      Number: ring.number,
      Name: `Ring ${ring.number}`,
      RingStrategy: 'RingAll',
      Members: ring.people.map((Number) => ({ Number })),
      ForwardNoAnswer: destination(ring.unanswered),
      ...routes(ring.routes),
      ...groupsOf(ring.department),
    })),
    Receptionists: plan.menus.map((menu) => ({
      Number: menu.number,
      Name: `Menu ${menu.number}`,
      Forwards: menu.keys.map(({ key, goal }, index) => ({ Id: index + 1, Input: key, ...forward(goal) })),
      Timeout: 5,
      TimeoutForwardType: forward(menu.late).ForwardType,
      TimeoutForwardDN: menu.late.number,
      InvalidKeyForwardDN: menu.wrong,
      ...routes(menu.routes),
      ...groupsOf(menu.department),
    })),
    Fax: [{ Number: FAX }],
    CallFlowApps: [{ Number: FLOW, Name: 'Flow' }],
    Trunks: plan.trunks.map(({ number, dids, department }) => ({
      Number: number,
      DidNumbers: dids,
      Gateway: { Name: `Carrier ${number}` },
      ...groupsOf(department),
    })),
    InboundRules: plan.rules.map((rule, index) => ({
      Id: index + 1,
      RuleName: `Rule ${index + 1}`,
      Condition: rule.looksAt === 'caller' ? 'BasedOnCallerID' : 'BasedOnDID',
      Data: rule.mask,
      CallType: rule.isInside ? 'InternalCallsOnly' : 'AllCalls',
      TrunkDN: { Number: rule.trunk },
      Hours: ruleSchedule(plan, rule.hours, rule.ignoresFeasts),
      OfficeHoursDestination: destination(rule.office),
      OutOfOfficeHoursDestination: rule.out && destination(rule.out),
      HolidaysDestination: rule.holiday && destination(rule.holiday),
      AlterDestinationDuringOutOfOfficeHours: rule.out !== null,
      AlterDestinationDuringHolidays: rule.holiday !== null,
    })),
    OutboundRules: plan.outbound.map(({ prefixes, lengths }, index) => ({
      Name: `Outbound ${index + 1}`,
      Priority: index + 1,
      Prefix: prefixes.join(','),
      NumberLengthRanges: lengths
        .map(([from, to]) => (from === to ? String(from) : `${from}-${to}`))
        .join(','),
    })),
    Holidays: [
      ...plan.feasts.map((feast) => holiday(feast)),
      ...plan.departments.flatMap(({ number, name, feasts }) =>
        feasts.slice(1).map((feast, index) => holiday(feast, index % 2 === 0 ? number : name)),
      ),
    ],
    OfficeHours: [
      {
        TimeZoneId: ids.zone(plan.zone),
        Hours: schedule('SpecificHours', plan.periods),
        BreakTime: plan.pauses.length === 0 ? schedule('Never') : schedule('SpecificHours', plan.pauses),
      },
    ],
  }
}

const forward = (goal: Goal): PbxRow => ({
  ForwardType: goal.to === 'end' ? 'EndCall' : DESTINATIONS[goal.to],
  ForwardDN: goal.to === 'dial' ? '' : goal.number,
  CustomData: goal.to === 'dial' ? goal.number : '',
})
