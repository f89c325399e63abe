import type { Store } from '../platform/database/store.ts'

/** A failed write is the last word on writes until another one goes through: whoever asks makes one try, one at a time. */
export function openWriteProbe<Tables>(store: Store<Tables>): () => void {
  let probing = false
  return () => {
    if (probing) return
    probing = true
    const probe = store.transact(() => Promise.resolve())
    void probe.catch(() => {}).finally(() => (probing = false))
  }
}
