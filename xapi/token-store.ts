/** A token as it is shared. Instants in ms since 1970. */
export type StoredToken = { accessToken: string; issuedAt: number; refreshAt: number; expiresAt: number }

/**
 * What all who use one API client know together: its token, or that the PBX refused it. `credential` marks the secret
 * it was got with (a digest), so that a new secret is tried at once.
 */
export type TokenRecord = {
  credential: string
  token: StoredToken | null
  refused: { until: number; message: string; status: number } | null
}

/**
 * Where tokens are shared. A PBX lets one token per API client live, and a new one kills the old, so everybody who uses
 * the same client id, in this process or another, must share one store. What it holds is secret.
 */
export type TokenStore = {
  read(key: string): Promise<TokenRecord | null>
  write(key: string, record: TokenRecord): Promise<void>
  /**
   * Runs `work` while nobody else runs any for this key: a lock of a database, or a lease that outlives a crash by
   * little. `work` takes as long as one token request, a minute at most.
   */
  withLease<T>(key: string, work: () => Promise<T>): Promise<T>
}

/** A store for one process. */
export function memoryTokenStore(): TokenStore {
  const records = new Map<string, TokenRecord>()
  const tails = new Map<string, Promise<unknown>>()
  return {
    read: async (key) => records.get(key) ?? null,
    async write(key, record) {
      records.set(key, record)
    },
    withLease(key, work) {
      const turn = (tails.get(key) ?? Promise.resolve()).then(work, work)
      const tail = turn.then(
        () => undefined,
        () => undefined,
      )
      tails.set(key, tail)
      void tail.then(() => tails.get(key) === tail && tails.delete(key))
      return turn
    },
  }
}
