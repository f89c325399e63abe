import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CalendarFault } from './calendar-fault.ts'
import { expandCalendar } from './expand.ts'
import { openExpansion } from './expansion.ts'

const PERIOD = { from: Date.parse('2026-01-01T00:00:00Z'), until: Date.parse('2029-01-01T00:00:00Z') }

const calendar = (...lines: string[]) => ['BEGIN:VCALENDAR', ...lines, 'END:VCALENDAR', ''].join('\r\n')
const event = (...lines: string[]) => ['BEGIN:VEVENT', ...lines, 'END:VEVENT']

/** `name from to` of each span; a `~` stands before what any clock shows. */
function spansOf(text: string): string[] {
  const at = (ms: number) => new Date(ms).toISOString().slice(0, 16).replace('T00:00', '')
  return expandCalendar(text, PERIOD).spans.map(
    ({ name, from, to, local }) => `${local ? '~' : ''}${name} ${at(from)} ${at(to)}`,
  )
}
const spansIn = (...lines: string[]) => spansOf(calendar(...event('SUMMARY:E', 'UID:u', ...lines)))
const faultOf = (text: string): string => {
  try {
    expandCalendar(text, PERIOD)
  } catch (error) {
    if (error instanceof CalendarFault) return error.message
    throw error
  }
  return 'none'
}
const faultIn = (...lines: string[]) => faultOf(calendar(...event('SUMMARY:E', ...lines)))

test('days are days by any clock, one or several, whatever way their end is written', () => {
  for (const end of [[], ['DTEND;VALUE=DATE:20261226'], ['DURATION:P1D'], ['DTEND;VALUE=DATE:20261225']])
    assert.deepEqual(spansIn('DTSTART;VALUE=DATE:20261225', ...end), ['~E 2026-12-25 2026-12-26'])
  assert.deepEqual(spansIn('DTSTART;VALUE=DATE:20261224', 'DTEND;VALUE=DATE:20270102'), [
    '~E 2026-12-24 2027-01-02',
  ])
})

test('times are of their zone, of UTC, or of any clock', () => {
  assert.deepEqual(spansIn('DTSTART:20261224T140000Z', 'DTEND:20261224T180000Z'), [
    'E 2026-12-24T14:00 2026-12-24T18:00',
  ])
  assert.deepEqual(spansIn('DTSTART:20261224T140000', 'DURATION:PT4H'), [
    '~E 2026-12-24T14:00 2026-12-24T18:00',
  ])
  const ends = 'DTEND;TZID=America/New_York:20260701T120000'
  assert.deepEqual(spansIn('DTSTART;TZID=Europe/Paris:20260701T140000', ends), [
    'E 2026-07-01T12:00 2026-07-01T16:00',
  ])
  // Takes no time.
  assert.deepEqual(spansIn('DTSTART:20261224T140000Z'), [])
})

test('a zone that only the file knows is the one the file describes', () => {
  const zone = [
    'BEGIN:VTIMEZONE',
    'TZID:Romance Standard Time',
    'BEGIN:STANDARD',
    'DTSTART:16010101T030000',
    'TZOFFSETFROM:+0200',
    'TZOFFSETTO:+0100',
    'RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10',
    'END:STANDARD',
    'BEGIN:DAYLIGHT',
    'DTSTART:16010101T020000',
    'TZOFFSETFROM:+0100',
    'TZOFFSETTO:+0200',
    'RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3',
    'END:DAYLIGHT',
    'END:VTIMEZONE',
  ]
  const at = (start: string) => ['SUMMARY:E', `DTSTART;TZID=Romance Standard Time:${start}`, 'DURATION:PT1H']
  const text = calendar(...zone, ...event(...at('20260701T140000')), ...event(...at('20261201T140000')))
  assert.deepEqual(spansOf(text), [
    'E 2026-07-01T12:00 2026-07-01T13:00',
    'E 2026-12-01T13:00 2026-12-01T14:00',
  ])
  assert.match(
    faultOf(calendar(...event(...at('20260701T140000')))),
    /^Line 2, the event "E": Romance Standard Time is no time zone/,
  )
})

test('rules repeat within the period, without an end or up to it', () => {
  const yearly = (rule: string, start = '20200101') => spansIn(`DTSTART;VALUE=DATE:${start}`, `RRULE:${rule}`)
  assert.deepEqual(yearly('FREQ=YEARLY'), [
    '~E 2026-01-01 2026-01-02',
    '~E 2027-01-01 2027-01-02',
    '~E 2028-01-01 2028-01-02',
    '~E 2029-01-01 2029-01-02',
  ])
  assert.deepEqual(yearly('FREQ=YEARLY;UNTIL=20270101'), [
    '~E 2026-01-01 2026-01-02',
    '~E 2027-01-01 2027-01-02',
  ])
  assert.deepEqual(yearly('FREQ=YEARLY;COUNT=7'), ['~E 2026-01-01 2026-01-02'])
  // Memorial Day is the last Monday in May.
  assert.deepEqual(yearly('FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO;UNTIL=20271231', '20200525'), [
    '~E 2026-05-25 2026-05-26',
    '~E 2027-05-31 2027-06-01',
  ])
  // A day that most years do not have is no other day.
  assert.deepEqual(yearly('FREQ=YEARLY', '20240229'), ['~E 2028-02-29 2028-03-01'])
  assert.deepEqual(yearly('FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;UNTIL=20271231', '20260110'), [
    '~E 2026-01-10 2026-01-11',
  ])
})

test('a rule ends at its last time by the clocks of its zone', () => {
  const spans = spansIn(
    'DTSTART;TZID=Europe/Paris:20260701T090000',
    'DURATION:PT1H',
    'RRULE:FREQ=DAILY;UNTIL=20260702T070000Z',
  )
  assert.deepEqual(spans, ['E 2026-07-01T07:00 2026-07-01T08:00', 'E 2026-07-02T07:00 2026-07-02T08:00'])
})

test('what repeats keeps its hour over the change of clocks', () => {
  const weekly = ['DTSTART;TZID=Europe/Paris:20261023T180000', 'DURATION:PT1H', 'RRULE:FREQ=WEEKLY;COUNT=2']
  assert.deepEqual(spansIn(...weekly), [
    'E 2026-10-23T16:00 2026-10-23T17:00',
    'E 2026-10-30T17:00 2026-10-30T18:00',
  ])
})

test('single days of a rule are left out, added, moved and cancelled', () => {
  const rule = ['DTSTART;VALUE=DATE:20260101', 'RRULE:FREQ=YEARLY;COUNT=3']
  assert.deepEqual(spansIn(...rule, 'EXDATE;VALUE=DATE:20270101', 'RDATE;VALUE=DATE:20260714,20270714'), [
    '~E 2026-01-01 2026-01-02',
    '~E 2026-07-14 2026-07-15',
    '~E 2027-07-14 2027-07-15',
    '~E 2028-01-01 2028-01-02',
  ])
  const moved = event(
    'SUMMARY:Moved',
    'UID:u',
    'RECURRENCE-ID;VALUE=DATE:20270101',
    'DTSTART;VALUE=DATE:20270104',
  )
  const cancelled = event(
    'UID:u',
    'RECURRENCE-ID;VALUE=DATE:20280101',
    'DTSTART;VALUE=DATE:20280101',
    'STATUS:CANCELLED',
  )
  const text = calendar(...event('SUMMARY:E', 'UID:u', ...rule), ...moved, ...cancelled)
  assert.deepEqual(spansOf(text), ['~E 2026-01-01 2026-01-02', '~Moved 2027-01-04 2027-01-05'])
  // A time of UTC names an occurrence of a zone.
  const hour = event(
    'SUMMARY:E',
    'UID:h',
    'DTSTART;TZID=Europe/Paris:20260701T090000',
    'DURATION:PT1H',
    'RRULE:FREQ=DAILY;COUNT=2',
  )
  const later = event(
    'SUMMARY:Later',
    'UID:h',
    'RECURRENCE-ID:20260702T070000Z',
    'DTSTART:20260702T100000Z',
    'DURATION:PT1H',
  )
  assert.deepEqual(spansOf(calendar(...hour, ...later)), [
    'E 2026-07-01T07:00 2026-07-01T08:00',
    'Later 2026-07-02T10:00 2026-07-02T11:00',
  ])
})

test('several calendars, a byte order mark, folded lines, bare line feeds and what is not understood are read', () => {
  const day = (name: string, date: string) =>
    calendar(
      'X-WR-CALNAME:Holidays',
      ...event(
        `SUMMARY:${name}`,
        `DTSTART;VALUE=DATE:${date}`,
        'TRANSP:TRANSPARENT',
        'X-A;B=C:d',
        'BEGIN:VALARM',
        'TRIGGER:-PT1H',
        'END:VALARM',
      ),
      'BEGIN:VTODO',
      'DUE:nonsense',
      'END:VTODO',
    )
  const folded = day('Long name\r\n  over lines\\, with a comma', '20261225')
  assert.deepEqual(spansOf(`\uFEFF${folded}${day('Noël', '20261226').replaceAll('\r', '')}`), [
    '~Long name over lines, with a comma 2026-12-25 2026-12-26',
    '~Noël 2026-12-26 2026-12-27',
  ])
  assert.deepEqual(spansOf(calendar()), [])
})

test('what is wrong is named with its line or its event', () => {
  for (const [text, fault] of [
    ['', /^Is empty/],
    ['hello', /^Line 1: stands outside of BEGIN:VCALENDAR/],
    ['BEGIN:VEVENT', /^Line 1: is no iCalendar/],
    ['BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR', /^Line 3: END:VCALENDAR ends what was not begun/],
    ['BEGIN:VCALENDAR\nBEGIN:VEVENT', /^Line 2: BEGIN:VEVENT has no end/],
    [calendar('BEGIN:VEVENT', 'SUMMARY', 'END:VEVENT'), /^Line 3: is no content line/],
    [calendar('nonsense'), /^Line 2: is no content line/],
    [calendar(...event('DTSTART;X:1')), /^Line 3: DTSTART cannot be read/],
    [calendar(...event('UID:1')), /^Line 2, an event: has no DTSTART/],
    ['BEGIN:VCALENDAR\n\u0000', /is no text/],
    [`BEGIN:VCALENDAR\n${'X'.repeat(600_000)}`, /longer than 512 KiB/],
  ] as const)
    assert.match(faultOf(text), fault)
  for (const [lines, fault] of [
    [['DTSTART:20261345'], /2026-13-45\S* is no date/],
    [['DTSTART;VALUE=DATE:20260230'], /^Line 2, the event "E": 2026-02-30 is in no calendar/],
    [['DTSTART:20260101T250000'], /is in no calendar/],
    [['DTSTART;VALUE=DATE:20260102', 'DTEND;VALUE=DATE:20260101'], /ends before it begins/],
    [['DTSTART;VALUE=DATE:20260102', 'DURATION:soon'], /soon is no duration/],
    [['DTSTART:20260102T000000', 'RRULE:FREQ=SECONDLY'], /FREQ=SECONDLY is no rule for holidays/],
    [['DTSTART:20260102T000000', 'RRULE:FREQ=HOURLY'], /FREQ=HOURLY/],
    [['DTSTART:20260102T000000', 'RRULE:COUNT=3'], /FREQ= is no rule/],
    [['DTSTART:10000102T000000', 'RRULE:FREQ=DAILY'], /repeats itself too often/],
    [['DTSTART:00200102T000000'], /is in no calendar/],
    [['DTSTART;TZID=Mars/Olympus:20260102T000000'], /Mars\/Olympus is no time zone/],
    [['DTSTART:20260102T000000', 'RECURRENCE-ID;RANGE=THISANDFUTURE:20260101T000000'], /RANGE/],
  ] as const)
    assert.match(faultIn(...lines), fault)
})

test('a rule that is never met is given up, and this thread is free meanwhile', async () => {
  const never = calendar(...event('DTSTART;VALUE=DATE:20200101', 'RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31'))
  await assert.rejects(openExpansion(500)({ text: never, ...PERIOD }), /may never be met/)
  const good = calendar(...event('DTSTART;VALUE=DATE:20260101'))
  assert.equal((await openExpansion()({ text: good, ...PERIOD })).spans.length, 1)
})
