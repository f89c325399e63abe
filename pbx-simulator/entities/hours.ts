import { refuseField } from '../odata/refusal.ts'
import type { Row, SetDefinition, SingletonDefinition } from '../model/pbx.ts'
import { shape } from '../model/shape.ts'
import { HOLIDAY } from '../model/shared-shapes.ts'
import { nameRequired } from './queues.ts'

const DAYS_IN_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

const WORKING_DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday'] as const

/** Nine to five on working days. */
export const NINE_TO_FIVE: Row = {
  Type: 'SpecificHours',
  IgnoreHolidays: false,
  Periods: WORKING_DAYS.map((day) => ({ DayOfWeek: day, Start: '09:00:00', Stop: '17:00:00' })),
}

const OFFICE_HOURS = shape('OfficeHours', {
  s: 'SystemLanguage TimeZoneId',
  Schedule: 'BreakTime Hours',
  '[Holiday]': 'OfficeHolidays',
})

function checkDay(row: Row, day: string, month: string): void {
  const [d, m] = [Number(row[day]), Number(row[month])]
  if (!(m >= 1 && m <= 12)) throw refuseField(month, 'XAPI.OUT_OF_THE_RANGE')
  if (!(d >= 1 && d <= (DAYS_IN_MONTH[m - 1] ?? 0))) throw refuseField(day, 'XAPI.OUT_OF_THE_RANGE')
}

export const HOLIDAYS: SetDefinition = {
  name: 'Holidays',
  shape: HOLIDAY,
  about: 'Days on which calls go elsewhere.',
  key: 'Id',
  can: ['list', 'create', 'read', 'update', 'delete'],
  defaults: (_pbx, sent) => ({
    Year: 0,
    YearEnd: 0,
    DayEnd: sent.Day,
    MonthEnd: sent.Month,
    TimeOfStartDate: 'PT0S',
    TimeOfEndDate: 'PT23H59M',
    IsRecurrent: true,
    HolidayPrompt: '',
    Group: '',
  }),
  check: (_pbx, row) => {
    nameRequired(row)
    checkDay(row, 'Day', 'Month')
    checkDay(row, 'DayEnd', 'MonthEnd')
  },
}

export const OFFICE_HOURS_SETTINGS: SingletonDefinition = {
  name: 'OfficeHours',
  shape: OFFICE_HOURS,
  about: 'When the whole PBX is open.',
  can: ['read', 'update'],
  initial: () => ({
    SystemLanguage: 'EN',
    TimeZoneId: '51',
    Hours: NINE_TO_FIVE,
    BreakTime: { Type: 'Never', IgnoreHolidays: false, Periods: [] },
  }),
  view: (pbx, row) => ({ ...row, OfficeHolidays: pbx.store.rows('Holidays') }),
}
