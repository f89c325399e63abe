import type { FileHandle } from 'node:fs/promises'
import type { CsvRecord } from './csv-source.ts'
import { CARD_COLUMNS, READ_PROPERTIES, cellsOfCard } from './vcard-cells.ts'
import { goesOn, propertyName, readProperty, type CardProperty } from './vcard-property.ts'

/** A physical line, as Latin-1; `start` and `end` are bytes of the file, its line end included. */
type Line = { text: string; line: number; start: number; end: number }

const READ_BYTES = 512 * 1024
/** Cards handed on together: well below a millisecond of work. */
const SLICE_CARDS = 20
/** Beyond this a line is a picture, of which nothing is kept. */
const LONGEST_LINE = 64 * 1024
/** Characters of one property that are kept. */
const LONGEST_VALUE = 16 * 1024
const LINE_END = 10

/** The lines of an open file. What is longer than any text is cut off, so that pictures take no memory. */
async function* readLines(file: FileHandle): AsyncGenerator<Line[]> {
  let kept: Buffer = Buffer.alloc(0)
  let start = 0
  let line = 1
  for (let at = 0; ;) {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(READ_BYTES), 0, READ_BYTES, at)
    const found: Line[] = []
    const take = (bytes: Buffer, end: number) => {
      const text = Buffer.concat([kept, bytes])
        .subarray(0, LONGEST_LINE)
        .toString('latin1')
        .replace(/\r$/, '')
      kept = Buffer.alloc(0)
      // A byte order mark, seen as the bytes it is.
      found.push({ text: line === 1 ? text.replace(/^\u00ef\u00bb\u00bf/, '') : text, line, start, end })
      start = end
      line += 1
    }
    let from = 0
    for (
      let stop = buffer.indexOf(LINE_END);
      stop >= 0 && stop < bytesRead;
      stop = buffer.indexOf(LINE_END, from)
    ) {
      take(buffer.subarray(from, stop), at + stop + 1)
      from = stop + 1
    }
    kept = Buffer.concat([kept, buffer.subarray(from, bytesRead)]).subarray(0, LONGEST_LINE)
    at += bytesRead
    if (bytesRead === 0 && start < at) take(Buffer.alloc(0), at)
    if (found.length > 0) yield found
    if (bytesRead === 0) return
  }
}

/** Collects lines into cards. */
function openCards() {
  let found: CsvRecord[] = []
  let card: { line: number; start: number; lines: string[]; nested: number } | null = null
  let name = ''

  const close = (end: number, problem: string | null) => {
    if (card === null) return
    const { line, start, lines } = card
    const properties = lines.map(readProperty).filter((one): one is CardProperty => one !== null)
    found.push({ cells: cellsOfCard(properties), line, start, end, problem })
    card = null
  }

  /** Puts a line to the one before it; false when it begins one of its own. */
  const continues = (text: string): boolean => {
    if (card === null) return false
    const last = card.lines.at(-1) ?? ''
    const isRead = READ_PROPERTIES.has(name)
    const folded = /^[ \t]/.test(text)
    const soft = isRead && goesOn(last)
    if (!folded && !soft) return false
    const joined = soft ? last.slice(0, -1) + text.replace(/^[ \t]/, '') : last + text.slice(1)
    if (isRead && joined.length <= LONGEST_VALUE) card.lines[card.lines.length - 1] = joined
    return true
  }

  return {
    take({ text, line, start, end }: Line): void {
      if (continues(text)) return
      if (/^BEGIN:VCARD\s*$/i.test(text)) {
        if (card !== null && name === 'AGENT') card.nested += 1
        else {
          close(start, 'The card has no end: END:VCARD is missing before the next begins.')
          card = { line, start, lines: [], nested: 0 }
        }
        name = ''
        return
      }
      if (card === null) return
      if (/^END:VCARD\s*$/i.test(text)) {
        if (card.nested > 0) card.nested -= 1
        else close(end, null)
        return
      }
      name = propertyName(text)
      if (card.nested === 0 && READ_PROPERTIES.has(name)) card.lines.push(text.slice(0, LONGEST_VALUE))
    },
    end: (at: number) => close(at, 'The card has no end: the file is cut off.'),
    ready: () => found.length,
    taken() {
      const cards = found
      found = []
      return cards
    },
  }
}

/**
 * Reads an open file of vCards (2.1, 3.0 and 4.0) in slices of rows, a header of our own column names first. Nothing comes
 * out of a file that holds no card. A card without an end comes out with its problem.
 */
export async function* readCards(file: FileHandle): AsyncGenerator<CsvRecord[]> {
  const header: CsvRecord = { cells: [...CARD_COLUMNS], line: 0, start: 0, end: 0, problem: null }
  const cards = openCards()
  let begun = false
  const slice = (): CsvRecord[] => {
    const records = cards.taken()
    if (begun) return records
    begun = true
    return [header, ...records]
  }
  let end = 0
  for await (const lines of readLines(file)) {
    for (const line of lines) {
      cards.take(line)
      end = line.end
      if (cards.ready() >= SLICE_CARDS) yield slice()
    }
  }
  cards.end(end)
  if (cards.ready() > 0) yield slice()
}
