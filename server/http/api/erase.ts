import { EraseAnswer, EraseInput } from '../../../contract/erase.ts'
import type { Directory } from '../../directory/directory.ts'
import { actor, needs, type App, type Settle } from '../app.ts'

/** `/api/v1/erase`: forgets a number, a customer or a contact in every table of the tenant asked in. */
export function eraseRoutes(
  app: App,
  { erase, settle }: Pick<Directory, 'erase'> & { settle: Settle },
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
    async (request) => settle(await erase(actor(request), request.body)),
  )
}
