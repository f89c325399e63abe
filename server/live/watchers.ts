import type { Claim, Leases } from './leases.ts'
import type { HostWatch } from './host-watch.ts'

/** A PBX whose calls are to be watched. */
export type WatchedHost = {
  id: number
  tenantId: number
  /** Everything that a connection depends on, as one text. */
  settings: string
}

/** The watches of this hub: which there are follows from the leases. */
export type Watchers = {
  start(): void
  /** Hosts may have changed: looks at them now. */
  nudge(): void
  close(): Promise<void>
}

export type WatchersDeps = {
  leases: Leases
  hosts(): Promise<WatchedHost[]>
  watch(claim: Claim, onLost: () => void): HostWatch
  /** Nobody is to watch it any more: what goes on there is not known from now on. */
  forget(claim: Claim): Promise<void>
  onTrouble(error: unknown): void
  /** How often leases are renewed and free hosts looked for. */
  everyMs: number
}

/** More at once would keep the first of many from being watched, and other hubs from having their share. */
const CLAIMED_AT_ONCE = 50
const RELOAD_MS = 30_000

export function openWatchers({ leases, hosts, watch, forget, onTrouble, everyMs }: WatchersDeps): Watchers {
  type Running = { claim: Claim; settings: string; watch: HostWatch }
  const running = new Map<number, Running>()
  let wanted = new Map<number, WatchedHost>()
  let loadedAt = 0
  let isStale = true
  let isNudged = false
  let isClosed = false
  let wake: () => void = () => {}

  const end = async ({ claim, watch: one }: Running) => {
    running.delete(claim.hostId)
    await one.stop()
  }
  const begin = (claim: Claim, { settings }: WatchedHost) => {
    const one = watch(claim, () => {
      // The row belongs to another hub, which will begin where this one ended.
      if (running.get(claim.hostId)?.claim.claims === claim.claims) running.delete(claim.hostId)
    })
    running.set(claim.hostId, { claim, settings, watch: one })
  }

  const load = async () => {
    isStale = false
    try {
      wanted = new Map((await hosts()).map((host) => [host.id, host]))
      loadedAt = performance.now()
    } catch (error) {
      isStale = true
      throw error
    }
  }

  const look = async () => {
    if (running.size > 0) {
      const still = await leases.renew()
      for (const one of running.values()) if (still.get(one.claim.hostId) !== one.claim.claims) await end(one)
    }
    if (isStale || performance.now() - loadedAt > RELOAD_MS) await load()
    for (const one of running.values()) {
      const host = wanted.get(one.claim.hostId)
      if (host?.settings === one.settings && host.tenantId === one.claim.tenantId) continue
      await end(one)
      if (host) begin(one.claim, host)
      else {
        await forget(one.claim)
        await leases.release(one.claim)
      }
    }
    const free = [...wanted.values()].filter(({ id }) => !running.has(id))
    for (const claim of await leases.claim(free, CLAIMED_AT_ONCE)) {
      const host = wanted.get(claim.hostId)
      if (host) begin(claim, host)
    }
  }

  const pause = () =>
    new Promise<void>((resolve) => {
      if (isNudged || isClosed) return resolve()
      const timer = setTimeout(resolve, everyMs)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  const run = async () => {
    while (!isClosed) {
      isNudged = false
      await look().catch(onTrouble)
      await pause()
    }
  }
  let looking: Promise<void> | null = null

  return {
    start() {
      looking ??= run()
    },
    nudge() {
      isStale = true
      isNudged = true
      wake()
    },
    async close() {
      isClosed = true
      wake()
      await looking
      const giveUp = async (one: Running) => {
        await end(one)
        await leases.release(one.claim)
      }
      await Promise.all([...running.values()].map((one) => giveUp(one).catch(onTrouble)))
    },
  }
}
