import { Renormalisation, RenormaliseInput } from '../../../contract/renormalise.ts'
import type { Directory } from '../../directory/directory.ts'
import { actor, needs, principalOf, type App } from '../app.ts'

/** `/api/v1/quality/renormalise`: reads every stored number again. */
export function renormaliseRoutes(app: App, { renormalise }: Pick<Directory, 'renormalise'>): void {
  const tags = ['quality']
  app.post(
    '/quality/renormalise',
    {
      ...needs('directory:write'),
      schema: {
        tags,
        summary: 'Read all stored numbers again',
        body: RenormaliseInput,
        response: { 202: Renormalisation },
      },
    },
    async (request, reply) => reply.code(202).send(await renormalise.start(actor(request), request.body)),
  )
  app.get(
    '/quality/renormalise',
    {
      ...needs('directory:read'),
      schema: { tags, summary: 'How far the last run is', response: { 200: Renormalisation } },
    },
    (request) => renormalise.last(principalOf(request).tenantId),
  )
}
