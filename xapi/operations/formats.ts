const DATE = String.raw`\d{4,}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])`
const TIME = String.raw`(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,12})?`

/** How texts of a format are written, and an example for whoever got it wrong. */
const FORMATS: Readonly<Record<string, readonly [RegExp, string]>> = {
  'date-time': [new RegExp(`^${DATE}T${TIME}(?:Z|[+-]\\d\\d:\\d\\d)$`), '2026-03-04T09:15:00Z'],
  date: [new RegExp(`^${DATE}$`), '2026-03-04'],
  time: [new RegExp(`^${TIME}$`), '09:15:00'],
  duration: [/^-?P(?=[\dT])(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?$/, 'PT1H30M'],
  uuid: [/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i, '123e4567-e89b-12d3-a456-426614174000'],
}

/** What OData writes bare in a path, although it is text in JSON. */
export const BARE_FORMATS: ReadonlySet<string> = new Set(['date-time', 'date', 'time', 'uuid'])

/** What is wrong with a text of this format; null when nothing is, or nobody knows the format. */
export function formatProblem(text: string, format: string | undefined): string | null {
  const known = format !== undefined && Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined
  return known === undefined || known[0].test(text) ? null : `must be a ${format}, such as ${known[1]}`
}

/** What is wrong with a text by a pattern of the description; null when nothing is, or the pattern is not safe to run. */
export function patternProblem(text: string, pattern: string | undefined): string | null {
  if (pattern === undefined || text.length > 1000 || !isHarmless(pattern)) return null
  try {
    return new RegExp(pattern, 'u').test(text) ? null : 'is not written as the PBX wants it'
  } catch {
    return null
  }
}

/** Repeated groups and back references can take for ever; patterns of a PBX need neither. */
function isHarmless(pattern: string): boolean {
  const repeats = pattern.match(/(?<!\\)[*+]|\{\d+,\}/g)?.length ?? 0
  return pattern.length <= 300 && repeats <= 3 && !/\)(?:[*+]|\{)|\\[1-9k]|\(\?[<=!]/.test(pattern)
}
