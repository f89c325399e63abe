import { setTimeout as wait } from 'node:timers/promises'

/** Whoever wants to send waits here until fewer than its limit are under way to that host. */
export type Lane = {
  /** Runs `work` in a place of its own, in the order of asking. */
  run<T>(limit: number, signal: AbortSignal | null, work: () => Promise<T>): Promise<T>
  /** The host asked for a pause: nothing new begins before. */
  pause(ms: number): void
  release(): void
}

type Waiting = { limit: number; start: () => void }
type State = { users: number; active: number; waiting: Waiting[]; notBefore: number }

/** One per host and port in this process, however many clients talk to it. */
const lanes = new Map<string, State>()

export function openLane(origin: string): Lane {
  const state = lanes.get(origin) ?? { users: 0, active: 0, waiting: [], notBefore: 0 }
  lanes.set(origin, state)
  state.users++
  let isReleased = false
  return {
    async run(limit, signal, work) {
      await enter(state, limit, signal)
      try {
        const pause = state.notBefore - Date.now()
        if (pause > 0) await wait(pause, undefined, { signal: signal ?? undefined })
        return await work()
      } finally {
        state.active--
        admit(state)
      }
    },
    pause(ms) {
      state.notBefore = Math.max(state.notBefore, Date.now() + ms)
    },
    release() {
      if (isReleased) return
      isReleased = true
      if (--state.users === 0) lanes.delete(origin)
    },
  }
}

function enter(state: State, limit: number, signal: AbortSignal | null): Promise<void> {
  signal?.throwIfAborted()
  if (state.waiting.length === 0 && state.active < limit) {
    state.active++
    return Promise.resolve()
  }
  return new Promise((resolve, reject) => {
    const waiting = {
      limit,
      start: () => {
        signal?.removeEventListener('abort', giveUp)
        resolve()
      },
    }
    const giveUp = () => {
      state.waiting = state.waiting.filter((one) => one !== waiting)
      reject(signal?.reason as Error)
      admit(state)
    }
    signal?.addEventListener('abort', giveUp, { once: true })
    state.waiting.push(waiting)
  })
}

function admit(state: State): void {
  for (;;) {
    const [next] = state.waiting
    if (next === undefined || state.active >= next.limit) return
    state.waiting.shift()
    state.active++
    next.start()
  }
}
