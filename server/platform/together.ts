type Waiting<In, Out> = { input: In; resolve: (value: Out) => void; reject: (error: unknown) => void }

/**
 * Does many things at a time that are asked for one by one: whatever comes while `work` runs waits, and goes together
 * with the next run, `most` of them at once. `work` answers or refuses each in the order it was given; what it throws
 * is the answer to all.
 */
export function together<In, Out>(
  work: (inputs: In[]) => Promise<PromiseSettledResult<Out>[]>,
  most: number,
): (input: In) => Promise<Out> {
  const waiting: Waiting<In, Out>[] = []
  let isRunning = false

  const run = async () => {
    isRunning = true
    while (waiting.length > 0) {
      const batch = waiting.splice(0, most)
      try {
        const outcomes = await work(batch.map(({ input }) => input))
        for (const [n, { resolve, reject }] of batch.entries()) {
          const outcome = outcomes[n]
          if (outcome?.status === 'fulfilled') resolve(outcome.value)
          else reject(outcome?.reason ?? new Error('nothing was answered'))
        }
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    isRunning = false
  }

  return (input) =>
    new Promise((resolve, reject) => {
      waiting.push({ input, resolve, reject })
      if (!isRunning) void run()
    })
}

/** An answer of `together` where all went well. */
export const fulfilled = <Out>(values: Out[]): PromiseSettledResult<Out>[] =>
  values.map((value) => ({ status: 'fulfilled', value }))
