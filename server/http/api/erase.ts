import { EraseAnswer, EraseInput } from '../../../contract/erase.ts'
import type { Directory } from '../../directory/directory.ts'
import { actor, needs, type App, type Settle } from '../app.ts'

type EraseDeps = {
  settle: Settle
  renewSnapshot(): Promise<void>
  /** Writes what waits in memory, so that it can be erased. */
  flush(): Promise<void>
}

/** `/api/v1/erase`: forgets a number, a customer or a contact in every table of the tenant asked in. */
export function eraseRoutes(
  app: App,
  { erase, settle, renewSnapshot, flush }: Pick<Directory, 'erase'> & EraseDeps,
): void {
  app.post(
    '/erase',
    {
      ...needs('admin'),
      schema: {
        tags: ['erase'],
        summary: 'Forget a number, a customer or a contact',
        body: EraseInput,
        response: { 200: EraseAnswer },
      },
    },
    async (request) => {
      await flush()
      const answer = await settle(await erase(actor(request), request.body))
      // The file that a start without the store would answer from forgets as well.
      await renewSnapshot()
      return answer
    },
  )
}
