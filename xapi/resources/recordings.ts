import type { Recording } from './entities.ts'
import type { Download } from '../operations/read-answer.ts'
import { known } from '../operations/known.ts'
import { readableSet, type Caller, type CallOptions, type ReadableSet } from './collection.ts'

export type Recordings = ReadableSet<Recording> & {
  /** One recording's row; null when there is none. The PBX has no read by key. */
  find(id: number, options?: CallOptions): Promise<Recording | null>
  /** The sound. Throws `not_found` when the file is gone although the row is there. */
  download(id: number, options?: CallOptions): Promise<Download>
  removeAll(ids: readonly number[], options?: CallOptions): Promise<void>
}

const DOWNLOAD = known('GET /Recordings/Pbx.DownloadRecording(recId={recId:int})')
const REMOVE = known('POST /Recordings/Pbx.BulkRecordingsDelete')

export function openRecordings(caller: Caller): Recordings {
  const recordings = readableSet<Recording>(caller, 'Recordings')
  return {
    ...recordings,
    async find(id, options) {
      for await (const one of recordings.list({ $filter: `Id eq ${Math.trunc(id)}`, limit: 1, ...options }))
        return one
      return null
    },
    download: (id, options) => caller.downloadBy([[DOWNLOAD, { recId: id }]], options),
    removeAll: async (ids, options) => void (await caller.by([[REMOVE, { body: { ids } }]], options)),
  }
}
