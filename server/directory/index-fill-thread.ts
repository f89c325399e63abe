import { parentPort, workerData } from 'node:worker_threads'
import type { StoreAddress } from '../platform/database/store.ts'
import { fillIndexes } from './index-fill.ts'
import { joinImages, type JoinedFacts, type MemoryImage } from './index/memory-image.ts'

export type FillThreadAnswer =
  | { image: MemoryImage<JoinedFacts> }
  | { failed: { message: string; code: string | null; errcode: number | null } }

/** Fills every index in this thread and hands over what they are made of: the memory is shared, nothing is copied. */
async function fill(address: StoreAddress): Promise<FillThreadAnswer> {
  try {
    const indexes = await fillIndexes(address)
    return {
      image: joinImages(
        Object.fromEntries([...indexes].map(([tenantId, index]) => [tenantId, index.image()])),
      ),
    }
  } catch (error) {
    const { message, code, errcode } = error as Error & { code?: string; errcode?: number }
    return { failed: { message, code: code ?? null, errcode: errcode ?? null } }
  }
}

if (!parentPort) throw new Error('index-fill-thread runs in a worker thread only')
parentPort.postMessage(await fill(workerData as StoreAddress))
