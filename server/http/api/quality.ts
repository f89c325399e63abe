import { Type } from 'typebox'
import { ListQuery } from '../../../contract/common.ts'
import { QualityCounts, QualityKind, QualityPage } from '../../../contract/quality.ts'
import type { Directory } from '../../directory/directory.ts'
import { needs, principalOf, type App } from '../app.ts'

/** `/api/v1/quality`: what somebody should look at in the book. */
export function qualityRoutes(app: App, { quality }: Pick<Directory, 'quality'>): void {
  app.get(
    '/quality',
    {
      ...needs('directory:read'),
      schema: {
        tags: ['quality'],
        summary: 'How much of the book needs a look',
        response: { 200: QualityCounts },
      },
    },
    (request) => quality.counts(principalOf(request).tenantId),
  )
  app.get(
    '/quality/:kind',
    {
      ...needs('directory:read'),
      schema: {
        tags: ['quality'],
        summary: 'What needs a look, and what to do about it',
        params: Type.Object({ kind: QualityKind }),
        querystring: ListQuery,
        response: { 200: QualityPage },
      },
    },
    (request) => quality.list(principalOf(request).tenantId, request.params.kind, request.query),
  )
}
