import { Type, type Static } from 'typebox'
import { CalendarDate, Id, Instant, Nullable } from './common.ts'

/** Holidays of a profile as iCalendar: the text itself, or where it is fetched from. One of the two. */
export const ProfileCalendarInput = Type.Object(
  {
    /** The text of one or more iCalendars (RFC 5545), at most 512 KiB. */
    ics: Type.Optional(Type.String({ maxLength: 1024 * 1024 })),
    /** Fetched now, and twice a day: `http:` or `https:`, without a user name or password in it. */
    url: Type.Optional(Type.String({ minLength: 1, maxLength: 2_000 })),
  },
  { additionalProperties: false },
)

/** The calendar of a profile, and how fresh it is. */
export const ProfileCalendar = Type.Object({
  profile_id: Id,
  /** null: the text was given. */
  url: Nullable(Type.String()),
  /** How many events it has, those that take no time included. */
  events: Type.Integer(),
  /** The time decisions know its events of, end excluded; it moves on by itself. */
  known_from: Instant,
  known_until: Instant,
  /** When the text in use was given or fetched. */
  fetched_at: Instant,
  /** When its address was last asked, successfully or not; null without one. */
  checked_at: Nullable(Instant),
  /** Why the address gave no calendar the last time; null when it did. The text in use is the last good one. */
  problem: Nullable(Type.String()),
  /** Since when it has not; null when it does. */
  failing_since: Nullable(Instant),
  updated_at: Instant,
})

export const ProfileCalendarDaysQuery = Type.Object(
  {
    /** The first day; today unless told otherwise. */
    from: Type.Optional(CalendarDate),
    /** The last day; a year after the first unless told otherwise. */
    to: Type.Optional(CalendarDate),
  },
  { additionalProperties: false },
)

/** Time the calendar takes, by the clocks of the profile's zone: `2026-12-25T00:00:00`. */
export const ProfileCalendarDay = Type.Object({
  name: Nullable(Type.String()),
  from: Type.String(),
  /** The first moment after it. */
  to: Type.String(),
})
/** In order of their beginning, at most 1,000. */
export const ProfileCalendarDays = Type.Object({
  time_zone: Type.String(),
  data: Type.Array(ProfileCalendarDay),
})

export type ProfileCalendarInput = Static<typeof ProfileCalendarInput>
export type ProfileCalendar = Static<typeof ProfileCalendar>
export type ProfileCalendarDays = Static<typeof ProfileCalendarDays>
