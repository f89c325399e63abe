import { badRequest } from '../odata/refusal.ts'

/** Ways a PBX can misbehave, and the number each takes with what it is when nothing is said. */
export const FAULTS = {
  /** Every answer waits: ms. */
  slow: 1000,
  /** No answer until the fault is lifted. */
  hang: 0,
  /** An empty 500. */
  '500': 0,
  /** The connection is cut instead of an answer. */
  dropped: 0,
  /** It is carried out, and the connection is cut before its answer. */
  lost: 0,
  /** Lists refuse a `$top` above this. */
  top: 10,
  /** A token is expired after its first use; answered with this status. */
  'expired-token': 401,
  /** The clock is off: ms. */
  'clock-skew': 7_200_000,
  /** A plus in a query is a plus and no space. */
  plus: 0,
  /** Too many requests; come back in: s. */
  '429': 1,
} as const
export type FaultName = keyof typeof FAULTS

/** A fault that is on. It may concern only paths that contain a text, and end by itself after some requests. */
export type Fault = { name: FaultName; value: number; path: string | null; times: number | null }

export type Faults = {
  list: () => readonly Fault[]
  set: (fault: { name: string; value?: number; path?: string | null; times?: number | null }) => Fault
  clear: (name?: string) => void
  /** The faults that concern a request; those with a number of times are used up by it. */
  takeFor: (path: string) => ReadonlyMap<FaultName, Fault>
  /** Resolves when no `hang` concerns a path any more. */
  lifted: (path: string) => Promise<void>
}

const isFault = (name: string): name is FaultName => Object.hasOwn(FAULTS, name)

/** Reads `slow`, `slow=500`, `500@/xapi/v1/Users` or `429x3`: name, number, part of a path, times. */
export function readFault(text: string): Parameters<Faults['set']>[0] {
  const match = /^([a-z-]+|500|429)(?:=(\d+))?(?:x(\d+))?(?:@(.+))?$/.exec(text.trim())
  if (!match) throw badRequest(`"${text}" is no fault. Known are: ${Object.keys(FAULTS).join(', ')}.`)
  const [, name = '', value, times, path] = match
  return {
    name,
    value: value === undefined ? undefined : Number(value),
    times: times === undefined ? null : Number(times),
    path: path ?? null,
  }
}

/** Opens the list of faults; `changed` hears of every change. */
export function openFaults(changed: (faults: readonly Fault[]) => void): Faults {
  let faults: Fault[] = []
  const waiting = new Set<() => void>()
  const tell = (): void => {
    changed(faults)
    for (const wake of waiting) wake()
  }
  const concerns = (fault: Fault, path: string): boolean => fault.path === null || path.includes(fault.path)
  return {
    list: () => faults,
    set: ({ name, value, path, times }) => {
      if (!isFault(name))
        throw badRequest(`The fault "${name}" is not known. Known are: ${Object.keys(FAULTS).join(', ')}.`)
      const fault: Fault = { name, value: value ?? FAULTS[name], path: path ?? null, times: times ?? null }
      faults = [...faults.filter((one) => one.name !== name || one.path !== fault.path), fault]
      tell()
      return fault
    },
    clear: (name) => {
      faults = name === undefined ? [] : faults.filter((one) => one.name !== name)
      tell()
    },
    takeFor: (path) => {
      const taken = new Map<FaultName, Fault>()
      for (const fault of faults) {
        if (!concerns(fault, path)) continue
        taken.set(fault.name, fault)
        if (fault.times !== null) fault.times -= 1
      }
      if (faults.some((fault) => fault.times !== null && fault.times <= 0)) {
        faults = faults.filter((fault) => fault.times === null || fault.times > 0)
        tell()
      }
      return taken
    },
    lifted: (path) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (faults.some((fault) => fault.name === 'hang' && concerns(fault, path))) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
      }),
  }
}
