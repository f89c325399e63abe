import { networkOf } from '../platform/address.ts'
import type { Clock } from '../platform/clock.ts'

const WINDOW_MS = 60_000
const ALLOWED = 10
const ADDRESSES_KEPT = 50_000

export type FailureThrottle = {
  /** Notes a failed authentication; true when this address has used up its failures of the last minute. */
  failed(address: string): boolean
  /** Whether a further failure would be one too many; notes nothing. */
  isSpent(address: string): boolean
  /** Takes one failure back: it was none. */
  forgive(address: string): void
}

/** As below, of addresses: whoever has an IPv6 network has more of them than anybody could count. */
export function openAddressThrottle(clock: Clock): FailureThrottle {
  const { failed, isSpent, forgive } = openFailureThrottle(clock)
  return {
    failed: (address) => failed(networkOf(address)),
    isSpent: (address) => isSpent(networkOf(address)),
    forgive: (address) => forgive(networkOf(address)),
  }
}

/** Counts failed authentications per address and minute. Memory is bounded: the oldest window goes first. */
export function openFailureThrottle(clock: Clock): FailureThrottle {
  const windows = new Map<string, { since: number; failures: number }>()
  return {
    failed(address) {
      const now = clock.now()
      const window = windows.get(address)
      if (window && now - window.since < WINDOW_MS) return ++window.failures > ALLOWED
      windows.delete(address)
      if (windows.size >= ADDRESSES_KEPT) {
        const oldest = windows.keys().next()
        if (!oldest.done) windows.delete(oldest.value)
      }
      windows.set(address, { since: now, failures: 1 })
      return false
    },
    forgive(address) {
      const window = windows.get(address)
      if (window && window.failures > 0) window.failures--
    },
    isSpent(address) {
      const window = windows.get(address)
      return window !== undefined && clock.now() - window.since < WINDOW_MS && window.failures >= ALLOWED
    },
  }
}
