import { USERS, type Goal, type Period, type Plan } from './pbx-plans.ts'

const DAY_NAMES = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

const DESTINATIONS: Record<Goal['to'], string> = {
  end: 'None',
  extension: 'Extension',
  mailbox: 'VoiceMail',
  queue: 'Queue',
  ring: 'RingGroup',
  menu: 'IVR',
  outside: 'External',
}
export type PbxRow = Record<string, unknown>

const destination = ({ to, number }: Goal): PbxRow => ({
  To: DESTINATIONS[to],
  Number: to === 'outside' ? '' : number,
  External: to === 'outside' ? number : '',
})
const schedule = (type: string, periods: Period[] = []): PbxRow => ({
  Type: type,
  IgnoreHolidays: false,
  Periods: periods.map(({ day, start, stop }) => ({ DayOfWeek: DAY_NAMES[day], Start: start, Stop: stop })),
})
const SCHEDULES = { office: 'OfficeHours', always: 'AllHours', never: 'Never', own: 'SpecificHours' }

/** The rows of a PBX set up like this, by its names for the sets; without ids. */
export function rowsOf(plan: Plan, zoneId: string): { [set: string]: PbxRow[] } {
  return {
    Users: USERS.map((Number) => ({ Number, FirstName: `U${Number}`, IsRegistered: true, VMEnabled: true })),
    Queues: plan.queues.map(({ number, agents, unanswered }) => ({
      Number: number,
      Name: `Queue ${number}`,
      PollingStrategy: 'RingAll',
      Agents: agents.map((Number) => ({ Number })),
      ForwardNoAnswer: destination(unanswered),
    })),
    RingGroups: plan.rings.map(({ number, members, unanswered }) => ({
      Number: number,
      Name: `Ring ${number}`,
      RingStrategy: 'RingAll',
      Members: members.map((Number) => ({ Number })),
      ForwardNoAnswer: destination(unanswered),
    })),
    Receptionists: plan.menus.map(({ number, keys }) => ({
      Number: number,
      Name: `Menu ${number}`,
      Forwards: keys.map(({ key, goal }) => ({
        Input: key,
        ForwardType: goal.to === 'end' ? 'EndCall' : DESTINATIONS[goal.to],
        ForwardDN: goal.number,
      })),
    })),
    InboundRules: plan.rules.map((rule, index) => ({
      Id: index + 1,
      RuleName: `Rule ${index + 1}`,
      Condition: rule.looksAt === 'caller' ? 'BasedOnCallerID' : 'BasedOnDID',
      Data: rule.mask,
      CallType: 'AllCalls',
      TrunkDN: { Number: '10000' },
      Hours: schedule(SCHEDULES[rule.hours], rule.hours === 'own' ? plan.ownPeriods : []),
      OfficeHoursDestination: destination(rule.office),
      OutOfOfficeHoursDestination: rule.out && destination(rule.out),
      HolidaysDestination: rule.holiday && destination(rule.holiday),
      AlterDestinationDuringOutOfOfficeHours: rule.out !== null,
      AlterDestinationDuringHolidays: rule.holiday !== null,
    })),
    Holidays: plan.feasts.map((feast) => {
      const first = new Date(Date.UTC(feast.year || 2025, feast.month - 1, feast.day))
      const last = new Date(first.getTime() + (feast.days - 1) * 86_400_000)
      const duration = (minute: number) => `PT${Math.floor(minute / 60)}H${minute % 60}M`
      return {
        Name: feast.name,
        Year: feast.year,
        Month: feast.month,
        Day: feast.day,
        YearEnd: feast.year === 0 ? 0 : last.getUTCFullYear(),
        MonthEnd: last.getUTCMonth() + 1,
        DayEnd: last.getUTCDate(),
        IsRecurrent: feast.year === 0,
        TimeOfStartDate: duration(feast.from),
        TimeOfEndDate: duration(feast.until),
        Group: '',
      }
    }),
    OfficeHours: [
      { TimeZoneId: zoneId, Hours: schedule('SpecificHours', plan.periods), BreakTime: schedule('Never') },
    ],
  }
}
