import { Readable } from 'node:stream'
import { Type } from 'typebox'
import { IdParams, ListQuery } from '../../../contract/common.ts'
import { Import, ImportPage, ImportQuery, ImportRemarkPage } from '../../../contract/imports.ts'
import type { Imports } from '../../directory/directory.ts'
import { actor, needs, principalOf, type App } from '../app.ts'

/** No limit of the HTTP layer: the spool counts what arrives. */
const NO_LIMIT = Number.MAX_SAFE_INTEGER
const CARD_TYPES = ['text/vcard', 'text/x-vcard', 'text/directory']
const BOOK_TYPES = ['text/csv', 'application/octet-stream', ...CARD_TYPES]

/** `/imports`: the book is the body itself, and is streamed to the disk before the answer. */
export function importRoutes(app: App, { imports }: { imports: Imports }): void {
  void app.register(async (scope) => {
    const books = scope as unknown as App
    for (const type of BOOK_TYPES) {
      books.addContentTypeParser(type, { bodyLimit: NO_LIMIT }, (_request, payload, done) =>
        done(null, payload),
      )
    }
    books.post(
      '/imports',
      {
        ...needs('directory:write'),
        bodyLimit: NO_LIMIT,
        schema: {
          tags: ['imports'],
          summary: 'Import a customer book (CSV or vCard)',
          consumes: BOOK_TYPES,
          querystring: ImportQuery,
          response: { 202: Import },
        },
      },
      async (request, reply) => {
        const body = request.body instanceof Readable ? request.body : Readable.from([])
        const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? ''
        const format = CARD_TYPES.includes(type) ? 'vcard' : 'csv'
        return reply.code(202).send(await imports.create(actor(request), body, { format, ...request.query }))
      },
    )
  })

  app.get(
    '/imports',
    {
      ...needs('directory:read'),
      schema: {
        tags: ['imports'],
        summary: 'List imports, newest first',
        querystring: ListQuery,
        response: { 200: ImportPage },
      },
    },
    (request) => imports.list(principalOf(request).tenantId, request.query),
  )
  app.get(
    '/imports/:id',
    {
      ...needs('directory:read'),
      schema: {
        tags: ['imports'],
        summary: 'How far an import is',
        params: IdParams,
        response: { 200: Import },
      },
    },
    (request) => imports.get(principalOf(request).tenantId, request.params.id),
  )
  app.get(
    '/imports/:id/remarks',
    {
      ...needs('directory:read'),
      schema: {
        tags: ['imports'],
        summary: 'What an import has to say about rows',
        params: IdParams,
        querystring: ListQuery,
        response: { 200: ImportRemarkPage },
      },
    },
    (request) => imports.remarks(principalOf(request).tenantId, request.params.id, request.query),
  )
  app.get(
    '/imports/:id/rejects',
    {
      ...needs('directory:read'),
      schema: {
        tags: ['imports'],
        summary: 'The rows that were refused, as CSV with a reason',
        params: IdParams,
        produces: ['text/csv'],
        response: { 200: Type.Any() },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const rows = await imports.rejects(principalOf(request).tenantId, id)
      return reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', `attachment; filename="import-${id}-rejects.csv"`)
        .send(Readable.from(rows, { objectMode: false }))
    },
  )
}
