/** Values by name, as `[Name]` finds them. */
export type Scope = ReadonlyMap<string, string>

const MOST_ROUNDS = 3

/** Call of a method in the style of .NET: `[[Number].Replace("+","00")]`, `[[DateTime].ToString("u")]`. */
const METHOD = /\[\[(\w+)\]\.(\w+)(?:\(([^()[\]]*)\))?\]/g
const PLAIN = /\[(\w+)\]/g

function argumentsOf(text: string): string[] {
  return [...text.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s,]+)/g)].map(
    (match) => match[1] ?? match[2] ?? match[3] ?? '',
  )
}

const pad = (value: number, width = 2): string => String(value).padStart(width, '0')

/** A date in one of the formats templates ask for; unknown letters stay as they are. */
export function formatDate(ms: number, format: string): string {
  const date = new Date(ms)
  if (format === 'u') return `${date.toISOString().slice(0, 19).replace('T', ' ')}Z`
  if (format === 'o' || format === 's')
    return format === 'o' ? date.toISOString() : date.toISOString().slice(0, 19)
  const parts: Record<string, string> = {
    yyyy: String(date.getUTCFullYear()),
    MM: pad(date.getUTCMonth() + 1),
    dd: pad(date.getUTCDate()),
    HH: pad(date.getUTCHours()),
    mm: pad(date.getUTCMinutes()),
    ss: pad(date.getUTCSeconds()),
    fff: pad(date.getUTCMilliseconds(), 3),
  }
  return format.replaceAll(
    /'([^']*)'|\\(.)|yyyy|MM|dd|HH|mm|ss|fff/g,
    (found, quoted?: string, escaped?: string) => quoted ?? escaped ?? parts[found] ?? found,
  )
}

function callMethod(value: string, method: string, args: readonly string[]): string {
  const [first = '', second = ''] = args
  switch (method) {
    case 'Replace':
      return value.replaceAll(first, second)
    case 'ToUpper':
      return value.toUpperCase()
    case 'ToLower':
      return value.toLowerCase()
    case 'Trim':
      return value.trim()
    case 'TrimStart':
      return value.replace(new RegExp(`^[${first.replaceAll(/[\\\]^-]/g, '\\$&')}]+`), '')
    case 'Length':
      return String(value.length)
    case 'Substring': {
      const start = Number(first)
      return value.slice(start, second === '' ? undefined : start + Number(second))
    }
    case 'ToString': {
      const ms = Date.parse(value)
      return first === '' || Number.isNaN(ms) ? value : formatDate(ms, first)
    }
    case 'TotalSeconds': {
      const [h = 0, m = 0, s = 0] = value.split(':').map(Number)
      return value === '' ? '' : String(h * 3600 + m * 60 + s)
    }
    default:
      return value
  }
}

/**
 * Puts values in the place of `[Variables]`. A variable without a value becomes empty. `passes` counts the rounds of
 * methods and of variables inside variables; braces and brackets are kept by doubling or by a caret.
 */
export function evaluate(text: string, scope: Scope, passes = 0): string {
  const kept: string[] = []
  const keep = (character: string): string => {
    kept.push(character)
    return `\uE000${kept.length - 1}\uE000`
  }
  let result = text.replaceAll(/\^\^|\^\[|\^\]|\{\{|\}\}/g, (found) =>
    keep(found === '^^' ? '^' : found.startsWith('^') ? (found[1] ?? '') : (found[0] ?? '')),
  )
  for (let round = 0; round <= Math.min(passes, MOST_ROUNDS); round += 1) {
    result = result.replaceAll(METHOD, (_whole, name: string, method: string, args = '') =>
      keep(callMethod(scope.get(name) ?? '', method, argumentsOf(String(args)))),
    )
    result = result.replaceAll(PLAIN, (_whole, name: string) => {
      const value = scope.get(name) ?? ''
      return passes >= 2 && round < passes ? value : keep(value)
    })
  }
  while (/\uE000\d+\uE000/.test(result))
    result = result.replaceAll(/\uE000(\d+)\uE000/g, (_whole, index: string) => kept[Number(index)] ?? '')
  return result
}

/** Whether a `SkipIf` or an `If` holds: comparison with `==` or `!=`, a function over it, or a word that is no refusal. */
export function holds(text: string, scope: Scope): boolean {
  const value = evaluate(text, scope, 1).trim()
  const comparison = /^(.*?)(==|!=)(.*)$/s.exec(value)
  if (comparison) {
    const [left, right] = [strip(comparison[1]), strip(comparison[3])]
    return comparison[2] === '==' ? left === right : left !== right
  }
  return value !== '' && !['false', '0', 'no'].includes(value.toLowerCase())
}

const strip = (text: string | undefined): string => (text ?? '').trim().replaceAll(/^["']|["']$/g, '')
