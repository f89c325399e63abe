/** The time inside a simulated PBX. Instants are ms since 1970. */
export type Clock = {
  now: () => number
  iso: (at?: number) => string
  /** Moves the time on. */
  advance: (ms: number) => void
  /** Deviation from the true time that outside observers see, in ms. */
  skew: number
}

/** A clock that starts at an instant and runs on, or stands still until it is moved. */
export function openClock(startAt: number, isStopped: boolean): Clock {
  const began = Date.now()
  let moved = 0
  const clock: Clock = {
    skew: 0,
    now: () => startAt + moved + clock.skew + (isStopped ? 0 : Date.now() - began),
    iso: (at = clock.now()) => new Date(at).toISOString(),
    advance: (ms) => {
      moved += ms
    },
  }
  return clock
}
