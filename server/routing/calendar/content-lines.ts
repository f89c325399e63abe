import ICAL from 'ical.js'
import { CalendarFault, lineFault } from './calendar-fault.ts'

/** A property as the library reads it, with the line it begins on. */
export type Property = {
  line: number
  name: string
  parameters: Record<string, string | string[]>
  type: string
  values: unknown[]
}
/** What stands between a BEGIN and its END. */
export type Block = { line: number; name: string; properties: Property[]; blocks: Block[] }

type Line = { line: number; text: string }

/** Logical lines: one that begins with a blank goes on the one before. */
function unfold(text: string): Line[] {
  const lines: Line[] = []
  for (const [i, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .entries()) {
    const last = lines.at(-1)
    if (/^[ \t]/.test(raw) && last) last.text += raw.slice(1)
    else if (raw.trim() !== '') lines.push({ line: i + 1, text: raw })
  }
  return lines
}

const MARK = /^(BEGIN|END):\s*([^\s]+)\s*$/i
const NAMED = /^[A-Za-z0-9-]+[;:]/

function readProperty({ line, text }: Line): Property {
  if (!NAMED.test(text)) throw lineFault(line, 'is no content line: NAME:value was expected.')
  try {
    const [name, parameters, type, ...values] = ICAL.parse.property(text) as [
      string,
      Record<string, string>,
      string,
      ...unknown[],
    ]
    return { line, name, parameters, type, values }
  } catch {
    const name = text.split(/[;:]/, 1)[0]
    throw lineFault(line, `${name} cannot be read.`)
  }
}

/**
 * The calendars a text holds, properties only of components whose names are in `wanted`: the others, alarms and what a
 * program added for itself, decide nothing. Throws `CalendarFault`.
 */
export function readCalendars(text: string, wanted: ReadonlySet<string>): Block[] {
  if (text.includes('\u0000') || !text.isWellFormed()) throw new CalendarFault('Holds what is no text.')
  const calendars: Block[] = []
  const open: Block[] = []
  for (const line of unfold(text)) {
    const [, mark, name = ''] = MARK.exec(line.text) ?? []
    const inside = open.at(-1)
    if (mark === undefined) {
      if (!inside) throw lineFault(line.line, 'stands outside of BEGIN:VCALENDAR.')
      if (wanted.has(inside.name)) inside.properties.push(readProperty(line))
      else if (!NAMED.test(line.text))
        throw lineFault(line.line, 'is no content line: NAME:value was expected.')
    } else if (mark.toUpperCase() === 'BEGIN') {
      const block: Block = { line: line.line, name: name.toLowerCase(), properties: [], blocks: [] }
      if (!inside && block.name !== 'vcalendar')
        throw lineFault(line.line, 'is no iCalendar: BEGIN:VCALENDAR was expected.')
      ;(inside ? inside.blocks : calendars).push(block)
      open.push(block)
    } else if (inside?.name === name.toLowerCase()) open.pop()
    else throw lineFault(line.line, `END:${name} ends what was not begun.`)
  }
  const left = open.at(-1)
  if (left) throw lineFault(left.line, `BEGIN:${left.name.toUpperCase()} has no end.`)
  if (calendars.length === 0) throw new CalendarFault('Is empty: BEGIN:VCALENDAR was expected.')
  return calendars
}
