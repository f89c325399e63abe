import { Type } from 'typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { IdParams, ListQuery } from '../../../contract/common.ts'
import { ConditionHeaders } from '../../../contract/headers.ts'
import {
  PasswordByInvitation,
  PasswordChange,
  PasswordSet,
  RecoveryCodes,
  SelfAnswer,
  SelfPatch,
  Session,
  SessionPage,
  SignIn,
  TotpCode,
  TotpEnrolment,
  TotpState,
  WhoAmI,
} from '../../../contract/sessions.ts'
import { csrfTokenOf, mayDo, type Access, type Origin, type Reach, type Self } from '../../access/access.ts'
import { HubError } from '../../platform/errors.ts'
import { tokenOfHeaders } from '../admission.ts'
import { actor, needs, principalOf, type App, type Settle } from '../app.ts'
import { sessionCookie, setSessionCookie } from '../cookies.ts'
import { conditionOn } from '../etags.ts'
import { repeatable } from '../idempotency.ts'

export type SessionDeps = {
  access: Access
  settle: Settle
  /** Whether browsers reach the hub by https. */ secure: boolean
}

const originOf = (request: FastifyRequest, kind: Origin['kind']): Origin => ({
  kind,
  address: request.ip,
  requestId: request.id,
})

function selfOf(request: FastifyRequest): Self {
  const { session } = principalOf(request)
  if (!session) throw new HubError('forbidden', 'A token has no session and no password.')
  return { userId: session.user.id, sessionId: session.id, origin: originOf(request, 'cookie') }
}

/** Everybody reaches their own sessions, an admin those of the tenant's users as well. */
function reachOf(request: FastifyRequest): Reach {
  const { session, scopes, tenantId } = principalOf(request)
  const isAdmin = mayDo(scopes, 'admin')
  if (!session && !isAdmin) throw new HubError('scope_missing', 'This token lacks the scope admin.')
  const [userId, currentId] = [session?.user.id ?? null, session?.id ?? null]
  return { tenantId: isAdmin ? tenantId : null, userId, currentId }
}

const JSON_BODY = /^application\/json\b/

/** `/api/v1/session` and `/api/v1/sessions`: signing in and out, who one is, and what one does with one's own account. */
export function sessionRoutes(app: App, { access, settle, secure }: SessionDeps): void {
  const { account, sessions } = access
  const tags = ['sessions']
  const endCookie = (request: FastifyRequest, reply: FastifyReply) => {
    if (sessionCookie(request.headers) !== null) setSessionCookie(reply, null, { secure, maxAge: 0 })
  }

  app.post(
    '/session',
    {
      ...needs('public'),
      schema: {
        tags,
        summary: 'Sign in a browser: the session is set as a cookie, its CSRF token answered',
        body: SignIn,
        response: { 200: Type.Object({ csrf_token: Type.String(), expires_at: Type.String() }) },
      },
      // A form of another site can be sent without asking; JSON cannot.
      preValidation(request, _reply, done) {
        const isJson = JSON_BODY.test(request.headers['content-type'] ?? '')
        done(isJson ? undefined : new HubError('unsupported_media_type', 'Send application/json.'))
      },
    },
    async (request, reply) => {
      const signed = await settle(await access.signIn(request.body, originOf(request, 'cookie')))
      const maxAge = Math.floor((signed.expiresAt - Date.now()) / 1000)
      setSessionCookie(reply, signed.secret, { secure, maxAge })
      return { csrf_token: csrfTokenOf(signed.secret), expires_at: new Date(signed.expiresAt).toISOString() }
    },
  )
  app.get(
    '/session',
    { ...needs('self'), schema: { tags, summary: 'Who am I', response: { 200: WhoAmI } } },
    (request) => {
      const principal = principalOf(request)
      const isCookie = principal.session !== null && tokenOfHeaders(request.headers) === null
      return access.whoAmI(principal, isCookie ? sessionCookie(request.headers) : null)
    },
  )
  app.patch(
    '/session',
    {
      ...needs('self'),
      schema: {
        tags,
        summary: 'Change what is the user’s own: the language of labels',
        headers: ConditionHeaders,
        body: SelfPatch,
        response: { 200: SelfAnswer },
      },
    },
    async (request) => settle(await account.change(selfOf(request), request.body, conditionOn(request))),
  )
  app.delete(
    '/session',
    {
      ...needs('self'),
      schema: { tags, summary: 'Sign out', headers: ConditionHeaders, response: { 204: Type.Null() } },
    },
    async (request, reply) => {
      const { userId, sessionId } = selfOf(request)
      const reach = { tenantId: null, userId, currentId: sessionId }
      await settle(await sessions.revoke(actor(request), reach, sessionId, conditionOn(request)))
      endCookie(request, reply)
      return reply.code(204).send(null)
    },
  )
  app.post(
    '/session/password',
    {
      ...needs('self'),
      schema: {
        tags,
        summary: 'Change the own password; other sessions end',
        body: PasswordChange,
        response: { 200: PasswordSet },
      },
    },
    async (request) => settle(await account.changePassword(selfOf(request), request.body)),
  )
  app.post(
    '/session/set-password',
    {
      ...needs('public'),
      schema: {
        tags,
        summary: 'Set a password with an invitation, once; all sessions end',
        body: PasswordByInvitation,
        response: { 200: PasswordSet },
      },
    },
    async (request) => settle(await account.setPassword(request.body, originOf(request, 'cookie'))),
  )
  app.get(
    '/session/totp',
    {
      ...needs('self'),
      schema: { tags, summary: 'The own authenticator', response: { 200: TotpState } },
    },
    (request) => account.authenticator(selfOf(request)),
  )
  app.post(
    '/session/totp',
    {
      ...needs('self'),
      schema: { tags, summary: 'Enrol an authenticator', response: { 200: TotpEnrolment } },
    },
    async (request) => settle(await account.enrol(selfOf(request))),
  )
  app.post(
    '/session/totp/confirm',
    {
      ...needs('self'),
      schema: {
        tags,
        summary: 'Confirm the authenticator with a code of it; answers the recovery codes',
        body: TotpCode,
        response: { 200: RecoveryCodes },
      },
    },
    async (request) => settle(await account.confirm(selfOf(request), request.body.code)),
  )
  app.post(
    '/session/totp/disable',
    {
      ...repeatable(needs('self')),
      schema: {
        tags,
        summary: 'Take the authenticator and its recovery codes away',
        body: Type.Object({ password: Type.String({ maxLength: 200 }) }, { additionalProperties: false }),
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      await settle(await account.disableTotp(selfOf(request), request.body.password))
      return reply.code(204).send(null)
    },
  )
  app.get(
    '/sessions',
    {
      ...needs('self'),
      schema: {
        tags,
        summary: 'List sessions: the own ones, for an admin those of the tenant’s users; filter[user_id]',
        querystring: ListQuery,
        response: { 200: SessionPage },
      },
    },
    (request) => sessions.list(reachOf(request), request.query),
  )
  app.get(
    '/sessions/:id',
    {
      ...needs('self'),
      schema: { tags, summary: 'Read a session', params: IdParams, response: { 200: Session } },
    },
    (request) => sessions.get(reachOf(request), request.params.id),
  )
  app.delete(
    '/sessions/:id',
    {
      ...needs('self'),
      schema: {
        tags,
        summary: 'End a session, on every hub within a second',
        params: IdParams,
        headers: ConditionHeaders,
        response: { 200: Session },
      },
    },
    async (request) =>
      settle(
        await sessions.revoke(actor(request), reachOf(request), request.params.id, conditionOn(request)),
      ),
  )
}
