import { Type } from 'typebox'
import type { Access } from '../../../access/access.ts'
import { HubError } from '../../../platform/errors.ts'
import { needs, type App, type Settle } from '../../app.ts'

const LoginAnswer = Type.Object({
  token: Type.String(),
  user: Type.Object({ id: Type.Integer(), name: Type.String(), email: Type.String() }),
  teams: Type.Array(Type.Unknown()),
  support_teams: Type.Array(Type.Unknown()),
})

const LoginInput = Type.Object({
  email: Type.Optional(Type.String()),
  password: Type.Optional(Type.String()),
  code: Type.Optional(Type.String()),
})

/** `POST /api/login`. README.md beside this file is the contract. */
export function loginDialect(app: App, { access, settle }: { access: Access; settle: Settle }): void {
  // What is missing or of another type is no right password; the schemas below describe.
  app.setValidatorCompiler(() => () => true)
  app.post(
    '/api/login',
    {
      ...needs('public'),
      schema: {
        tags: ['sessions'],
        summary: 'Sign in a program: answers a token',
        body: LoginInput,
        response: { 200: LoginAnswer },
      },
    },
    async (request, reply) => {
      const sources: unknown[] = [request.body, request.query]
      const read = (name: string): string | undefined => {
        for (const source of sources) {
          const value = (source as Record<string, unknown> | null | undefined)?.[name]
          if (typeof value === 'string') return value
        }
        return undefined
      }
      const [email, password, code] = [read('email'), read('password'), read('code')]
      if (email === undefined || password === undefined || email.length > 254 || password.length > 200)
        throw new HubError('credentials_refused', 'E-mail address, password or code are not right.')
      const given = { email, password, ...(code === undefined ? {} : { code }) }
      const origin = { kind: 'bearer', address: request.ip, requestId: request.id } as const
      const { secret, user } = await settle(await access.signIn(given, origin))
      reply.header('cache-control', 'no-store')
      return { token: secret, user, teams: [], support_teams: [] }
    },
  )
}
