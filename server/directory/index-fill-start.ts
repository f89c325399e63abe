import { Worker } from 'node:worker_threads'
import { asHubError } from '../platform/database/store-errors.ts'
import { SqliteError } from '../platform/database/sqlite-client.ts'
import type { StoreAddress } from '../platform/database/store.ts'
import type { FillThreadAnswer } from './index-fill-thread.ts'
import type { JoinedFacts, MemoryImage } from './index/memory-image.ts'

/** Room for the short-lived objects of a batch, so that they are not copied around before they are dropped. */
const resourceLimits = { maxYoungGenerationSizeMb: 64 }

/**
 * Every tenant's index as an image, filled from the store in a thread of its own: this one goes on answering. Errors of
 * the store are what they would be here.
 */
export async function fillInThread(address: StoreAddress): Promise<MemoryImage<JoinedFacts>> {
  const thread = new Worker(new URL('./index-fill-thread.ts', import.meta.url), {
    workerData: address,
    resourceLimits,
  })
  const answer = await new Promise<FillThreadAnswer>((resolve, reject) => {
    thread.on('message', resolve)
    thread.on('error', reject)
    thread.on('exit', () => reject(new Error('the thread that fills memory ended without a word')))
  })
  if ('image' in answer) return answer.image
  const { message, code, errcode } = answer.failed
  const error =
    errcode === null ? Object.assign(new Error(message), { code }) : new SqliteError(message, errcode)
  throw asHubError(error)
}
