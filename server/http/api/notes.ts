import { Type } from 'typebox'
import type { FastifyRequest, preValidationHookHandler } from 'fastify'
import { IdParams, ListQuery } from '../../../contract/common.ts'
import { ConditionHeaders } from '../../../contract/headers.ts'
import { Note, NoteInput, NoteList, NotePatch } from '../../../contract/notes.ts'
import { mayDo } from '../../access/access.ts'
import type { NoteWriter, Notes } from '../../journal/journal.ts'
import { actor, needs, principalOf, type App, type Settle } from '../app.ts'
import { conditionOn } from '../etags.ts'
import { inOurSpelling, takesEitherSpelling } from '../spellings.ts'
import { callReachOf } from './reach.ts'

/** Notes of one customer, contact or call at the most, when all are asked for. */
const MOST_BARE = 200

const either = (of: Record<string, unknown>, ...names: string[]) =>
  names.map((name) => of[name]).find((value) => value !== undefined)

/** What somebody is called who writes: the user's name, else the address; a token by its name. */
export function nameOf(request: FastifyRequest): string {
  const { session, tokenName } = principalOf(request)
  return session?.user.name.trim() || tokenName
}

export function writerOf(request: FastifyRequest): NoteWriter {
  const { scopes } = principalOf(request)
  return { actor: actor(request), reach: callReachOf(request), anybodys: mayDo(scopes, 'calls:write') }
}

/** Whose notes are asked for as a bare array; null = a page is asked for. */
function bareAsked(query: Record<string, unknown>): { type: string; id: number } | null {
  const type = either(query, 'noteable_type', 'noteableType')
  const id = either(query, 'noteable_id', 'noteableId')
  return typeof type === 'string' && id !== undefined ? { type, id: Number(id) || 0 } : null
}

/** Route option: a new note in either spelling; some clients say in the query what it is on. */
function takesNote(): { preValidation: preValidationHookHandler } {
  return {
    preValidation(request, _reply, done) {
      const { body } = request
      const { noteable_type, noteable_id } = inOurSpelling(NoteInput, request.query) as Record<
        string,
        unknown
      >
      const on = { ...(noteable_type ? { noteable_type } : {}), ...(noteable_id ? { noteable_id } : {}) }
      if (body !== null && typeof body === 'object' && !Array.isArray(body))
        request.body = { ...on, ...(inOurSpelling(NoteInput, body) as object) }
      done()
    },
  }
}

/** `/api/v1/notes`: what people write down about customers, contacts and calls. PUT and PATCH both merge. */
export function noteRoutes(app: App, { notes, settle }: { notes: Notes; settle: Settle }): void {
  const tags = ['notes']

  app.get(
    '/notes',
    {
      ...needs('calls:read'),
      schema: {
        tags,
        summary: 'List notes, newest first',
        description:
          'Filters: customer_id (its contacts’ notes included), contact_id, phone_call_id, user_id, type, term_match (words of title and body), from and to. With noteable_type and noteable_id those of one customer, contact or call, as a bare array of at most 200.',
        querystring: ListQuery,
        response: { 200: NoteList },
      },
    },
    (request) => {
      const { tenantId } = principalOf(request)
      const asked = bareAsked(request.query)
      return asked ? notes.ofNoteable(tenantId, asked, MOST_BARE) : notes.list(tenantId, request.query)
    },
  )
  app.post(
    '/notes',
    {
      ...needs('journal:write'),
      ...takesNote(),
      schema: { tags, summary: 'Write a note', body: NoteInput, response: { 201: Note } },
    },
    async (request, reply) => {
      const made = await notes.create(writerOf(request), request.body, nameOf(request))
      return reply.code(201).send(await settle(made))
    },
  )
  app.get(
    '/notes/:id',
    {
      ...needs('calls:read'),
      schema: { tags, summary: 'Read a note', params: IdParams, response: { 200: Note } },
    },
    (request) => notes.get(principalOf(request).tenantId, request.params.id),
  )
  for (const method of ['PUT', 'PATCH'] as const) {
    app.route({
      method,
      url: '/notes/:id',
      ...needs('journal:write'),
      ...takesEitherSpelling(NotePatch),
      schema: {
        tags,
        summary: 'Change a note: one’s own, with calls:write anybody’s',
        params: IdParams,
        headers: ConditionHeaders,
        body: NotePatch,
        response: { 200: Note },
      },
      handler: async (request) =>
        settle(await notes.update(writerOf(request), request.params.id, request.body, conditionOn(request))),
    })
  }
  app.delete(
    '/notes/:id',
    {
      ...needs('journal:write'),
      schema: {
        tags,
        summary: 'Delete a note: one’s own, with calls:write anybody’s',
        params: IdParams,
        headers: ConditionHeaders,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) =>
      reply
        .code(204)
        .send(await settle(await notes.remove(writerOf(request), request.params.id, conditionOn(request)))),
  )
}
