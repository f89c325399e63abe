import { Type } from 'typebox'
import { IdParams, ListQuery } from '../../../contract/common.ts'
import { ConditionHeaders } from '../../../contract/headers.ts'
import {
  CustomerFile,
  CustomerFileInput,
  CustomerFilePage,
  CustomerFilePatch,
} from '../../../contract/customer-files.ts'
import type { CustomerFiles } from '../../directory/directory.ts'
import { actor, needs, principalOf, type App, type Settle } from '../app.ts'
import { conditionOn } from '../etags.ts'
import { takesEitherSpelling } from '../spellings.ts'

/** `/api/v1/customer-files`: what the PBXs of customers are provisioned for. PUT and PATCH both merge. */
export function customerFileRoutes(
  app: App,
  { customerFiles, settle }: { customerFiles: CustomerFiles; settle: Settle },
): void {
  const tags = ['customer files']

  app.get(
    '/customer-files',
    {
      ...needs('directory:read'),
      schema: {
        tags,
        summary: 'List customer files',
        querystring: ListQuery,
        response: { 200: CustomerFilePage },
      },
    },
    (request) => customerFiles.list(principalOf(request).tenantId, request.query),
  )
  app.post(
    '/customer-files',
    {
      ...needs('directory:write'),
      ...takesEitherSpelling(CustomerFileInput),
      schema: {
        tags,
        summary: 'Create a customer file',
        body: CustomerFileInput,
        response: { 201: CustomerFile },
      },
    },
    async (request, reply) =>
      reply.code(201).send(await settle(await customerFiles.create(actor(request), request.body))),
  )
  app.get(
    '/customer-files/:id',
    {
      ...needs('directory:read'),
      schema: { tags, summary: 'Read a customer file', params: IdParams, response: { 200: CustomerFile } },
    },
    (request) => customerFiles.get(principalOf(request).tenantId, request.params.id),
  )
  for (const method of ['PUT', 'PATCH'] as const) {
    app.route({
      method,
      url: '/customer-files/:id',
      ...needs('directory:write'),
      ...takesEitherSpelling(CustomerFilePatch),
      schema: {
        tags,
        summary: 'Change a customer file',
        params: IdParams,
        headers: ConditionHeaders,
        body: CustomerFilePatch,
        response: { 200: CustomerFile },
      },
      handler: async (request) =>
        settle(
          await customerFiles.update(actor(request), request.params.id, request.body, conditionOn(request)),
        ),
    })
  }
  app.delete(
    '/customer-files/:id',
    {
      ...needs('directory:write'),
      schema: {
        tags,
        summary: 'Delete a customer file',
        params: IdParams,
        headers: ConditionHeaders,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) =>
      reply
        .code(204)
        .send(
          await settle(await customerFiles.remove(actor(request), request.params.id, conditionOn(request))),
        ),
  )
}
