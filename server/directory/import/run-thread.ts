import { Worker } from 'node:worker_threads'
import { systemClock, type Clock } from '../../platform/clock.ts'
import type { Store } from '../../platform/database/store.ts'
import type { ImportThreadAnswer, ImportThreadData } from './import-thread.ts'
import type { Job } from './job.ts'
import type { ImportTables } from './tables.ts'

/** Room for the short-lived objects of a batch, so that they are not copied around before they are dropped. */
const resourceLimits = { maxYoungGenerationSizeMb: 64 }

/** Runs one import in a thread of its own. `onThread` is told of the thread, and null when it is gone. Never rejects. */
export function runImportThread(
  store: Store<ImportTables>,
  clock: Clock,
  job: Job,
  onThread: (worker: Worker | null) => void,
): Promise<ImportThreadAnswer> {
  const { handle, transfer } = store.share()
  const workerData: ImportThreadData = { handle, job, now: clock === systemClock ? null : clock.now() }
  const worker = new Worker(new URL('./import-thread.ts', import.meta.url), {
    workerData,
    transferList: transfer,
    resourceLimits,
  })
  onThread(worker)
  return new Promise<ImportThreadAnswer>((resolve) => {
    // The first of these settles it: an answer, an error nobody caught, or an end without a word.
    const fail = (reason: string) => resolve({ outcome: 'failed', reason, expected: false })
    worker.on('message', resolve)
    worker.on('error', (error) => fail(error instanceof Error ? error.message : String(error)))
    worker.on('exit', (code) => fail(`the import thread ended with code ${code}`))
  }).finally(() => onThread(null))
}
