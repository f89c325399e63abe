import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '../../platform/clock.ts'
import { openSharedStore, type StoreHandle } from '../../platform/database/store.ts'
import { HubError } from '../../platform/errors.ts'
import { BookError } from './batches.ts'
import { runJob, type Job } from './job.ts'
import type { ImportTables } from './tables.ts'

/** What the thread is given, and the one thing it says at its end. Any message to it means: stop after this batch. */
export type ImportThreadData = { handle: StoreHandle; job: Job; now: number | null }
export type ImportThreadAnswer =
  | { outcome: 'done' }
  | { outcome: 'stopped' }
  | { outcome: 'failed'; reason: string; expected: boolean }

async function main(port: NonNullable<typeof parentPort>): Promise<void> {
  const { handle, job, now } = workerData as ImportThreadData
  const store = openSharedStore<ImportTables>(handle)
  let stopping = false
  port.on('message', () => {
    stopping = true
  })
  const clock = now === null ? systemClock : { now: () => now }
  let answer: ImportThreadAnswer
  try {
    const outcome = await runJob({ store, clock, stopped: () => stopping }, job)
    answer = { outcome }
  } catch (error) {
    const expected = error instanceof BookError || error instanceof HubError
    answer = { outcome: 'failed', reason: error instanceof Error ? error.message : String(error), expected }
  }
  await store.close()
  port.postMessage(answer)
  port.close()
}

if (!parentPort) throw new Error('import-thread runs in a worker thread only')
await main(parentPort)
