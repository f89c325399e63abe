import type { Backup, BackupContents } from './entities.ts'
import { answerError } from '../answer-error.ts'
import { XapiError } from '../errors.ts'
import { known } from '../operations/known.ts'
import { readAnswer, type Download } from '../operations/read-answer.ts'
import type { Secrets } from '../secrets.ts'
import type { Session } from '../session.ts'
import { readableSet, valueOf, type Caller, type CallOptions, type ReadableSet } from './collection.ts'

export type Backups = ReadableSet<Backup> & {
  /** Whether the PBX would begin a backup now. */
  mayCreate(options?: CallOptions): Promise<boolean>
  /**
   * Begins a backup, which goes on after the answer: it is done when the list shows its name and the size stays. Throws
   * `conflict` when the name is taken.
   */
  create(backup: { name: string; contents?: BackupContents }, options?: CallOptions): Promise<void>
  /** The file of a row of the list. */
  download(backup: Backup, options?: CallOptions): Promise<Download>
  remove(fileName: string, options?: CallOptions): Promise<void>
}

const MAY_CREATE = known('GET /Backups/Pbx.GetCanCreateBackup()')
const CREATE = known('POST /Backups/Pbx.Backup')
const REMOVE = known('DELETE /Backups({FileName:text})')

export function openBackups(caller: Caller, session: Session, secrets: Secrets): Backups {
  return {
    ...readableSet<Backup>(caller, 'Backups'),
    mayCreate: async (options) => (await valueOf<unknown>(caller, [[MAY_CREATE]], options)) === true,
    async create({ name, contents }, options) {
      const Name = name.endsWith('.zip') ? name : `${name}.zip`
      const body = { description: { Name, Contents: contents ?? {} } }
      await caller.by([[CREATE, { body }]], options)
    },
    /** The link carries a ticket of its own on most builds; where it does not, the token is sent. */
    async download(backup, { signal } = {}) {
      const path = linkOf(backup)
      const request = {
        method: 'GET',
        path,
        operation: 'download backup',
        signal: signal ?? null,
        streams: () => true,
      }
      const openly = await session.sendOpenly(request)
      const answer = [401, 403].includes(openly.status) ? await session.send(request) : openly
      if (answer.stream === null) throw answerError(answer, request.operation, secrets)
      return readAnswer(answer, request.operation, secrets) as Download
    },
    remove: async (fileName, options) => void (await caller.by([[REMOVE, { FileName: fileName }]], options)),
  }
}

/** Only what lies on the PBX itself is fetched. */
function linkOf({ DownloadLink: link }: Backup): string {
  if (typeof link === 'string' && link !== '' && !/^[a-z][a-z0-9+.-]*:|^[/\\]{2}|[\0-\x20]/i.test(link)) {
    return link.startsWith('/') ? link : `/${link}`
  }
  throw new XapiError('not_found', 'This backup has no link to fetch it by.', {
    operation: 'download backup',
  })
}
