import { Readable } from 'node:stream'
import { Type } from 'typebox'
import type { Directory } from '../../directory/directory.ts'
import { needs, principalOf, type App } from '../app.ts'

/** `/export`: the tenant's book, streamed in the columns an import reads. */
export function exportRoutes(app: App, { exportBook }: Pick<Directory, 'exportBook'>): void {
  app.get(
    '/export',
    {
      ...needs('directory:read'),
      schema: {
        tags: ['imports'],
        summary: 'The customer book as CSV, in the columns of an import',
        produces: ['text/csv'],
        response: { 200: Type.Any() },
      },
    },
    async (request, reply) =>
      reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', 'attachment; filename="cordboard-book.csv"')
        .send(Readable.from(exportBook(principalOf(request).tenantId), { objectMode: false })),
  )
}
