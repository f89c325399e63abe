import type { Value } from './compare.ts'

/** A function of `$filter`: how many values it takes, and what it makes of them. Null in, null out. */
export type FilterFunction = { takes: readonly number[]; run: (args: readonly Value[]) => Value }

const onText = (takes: number, run: (...texts: string[]) => Value): FilterFunction => ({
  takes: [takes],
  run: (args) => {
    if (args.some((arg) => typeof arg !== 'string')) return null
    return run(...(args as string[]))
  },
})

const onDate = (run: (date: Date) => number): FilterFunction => ({
  takes: [1],
  run: ([value]) => {
    const ms = typeof value === 'string' ? Date.parse(value) : isInstant(value) ? value.ms : Number.NaN
    return Number.isNaN(ms) ? null : run(new Date(ms))
  },
})

const isInstant = (value: Value): value is { kind: 'instant'; ms: number } =>
  typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'instant'

/** Every function a `$filter` may call, by its name in lower case. */
export const FUNCTIONS: Readonly<Record<string, FilterFunction>> = {
  __proto__: null as never,
  contains: onText(2, (text, part) => text.includes(part)),
  startswith: onText(2, (text, part) => text.startsWith(part)),
  endswith: onText(2, (text, part) => text.endsWith(part)),
  tolower: onText(1, (text) => text.toLowerCase()),
  toupper: onText(1, (text) => text.toUpperCase()),
  trim: onText(1, (text) => text.trim()),
  length: onText(1, (text) => text.length),
  indexof: onText(2, (text, part) => text.indexOf(part)),
  concat: onText(2, (text, more) => text + more),
  year: onDate((date) => date.getUTCFullYear()),
  month: onDate((date) => date.getUTCMonth() + 1),
  day: onDate((date) => date.getUTCDate()),
  hour: onDate((date) => date.getUTCHours()),
  minute: onDate((date) => date.getUTCMinutes()),
  second: onDate((date) => date.getUTCSeconds()),
}
