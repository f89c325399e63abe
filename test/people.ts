import assert from 'node:assert/strict'
import type { Ask, Json } from './hub.ts'

const PASSWORD = 'correct horse battery'

/** Somebody with a role in the tenant acted in, signed in: the session's secret serves as a token. */
export async function signIn(
  ask: Ask,
  email: string,
  role: 'admin' | 'manager' | 'agent',
  more: Json = {},
  headers: Record<string, string> = {},
): Promise<{ id: number; token: string }> {
  const name = email.split('@')[0]
  const body = { email, name, password: PASSWORD, memberships: [{ role }], ...more }
  const made = await ask('POST', '/api/v1/users', { body, headers })
  assert.equal(made.status, 201, made.text)
  const signed = await ask('POST', '/api/login', { body: { email, password: PASSWORD }, token: null })
  assert.equal(signed.status, 200, signed.text)
  return { id: made.json.id, token: signed.json.token }
}
