/** What is wrong with a calendar, in words that name the line (from 1) or the event. */
export class CalendarFault extends Error {
  override readonly name = 'CalendarFault'
}

/** A fault of one line. */
export const lineFault = (line: number, message: string) => new CalendarFault(`Line ${line}: ${message}`)
