import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import type { Caller, Pbx, Role, Row } from '../model/pbx.ts'
import { ROLES } from '../model/pbx.ts'
import { secretOf } from '../entities/principals.ts'
import { textOf } from '../model/text.ts'

/** What a token request is answered with: tokens, or an OAuth error. */
export type TokenAnswer = { status: number; body: object }

export type Tokens = {
  answer: (form: Readonly<Record<string, unknown>>) => TokenAnswer
  /** Who a bearer token belongs to, or null when it is unknown, expired or replaced. */
  callerOf: (token: string) => Caller | null
  /** Makes every token given so far worthless. */
  expireAll: () => void
  expire: (token: string) => void
  /** The public key, as a set for whoever checks signatures. */
  keys: object
}

type Options = { seconds: number; issuer: string; givesRefreshTokens: boolean }
type Issued = { token: string; refresh: string | null; clientId: string; expiresAt: number }

const base64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

function jwt(claims: object, key: KeyObject): string {
  const text = `${base64({ alg: 'ES256', typ: 'at+jwt', kid: 'simulator' })}.${base64(claims)}`
  const signature = sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' })
  return `${text}.${signature.toString('base64url')}`
}

const refused = (status: number, error: string, description: string): TokenAnswer => ({
  status,
  body: { error, error_description: description },
})

/** Tokens of a PBX. A client has one at a time: a new one makes the one before worthless. */
export function openTokens(pbx: Pbx, { seconds, issuer, givesRefreshTokens }: Options): Tokens {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const byClient = new Map<string, Issued>()
  const byToken = new Map<string, Issued>()
  let serial = 0

  const drop = (clientId: string): void => {
    const before = byClient.get(clientId)
    if (before) byToken.delete(before.token)
    byClient.delete(clientId)
  }
  const issue = (clientId: string, principal: Row): TokenAnswer => {
    drop(clientId)
    serial += 1
    // Tokens live by the clock of the machine, so that a client can compare them with its own.
    const now = Math.floor((Date.now() + pbx.clock.skew) / 1000)
    const claims = {
      sub: clientId,
      iss: issuer,
      aud: '/api',
      scope: 'xapi',
      role: rolesOf(principal),
      iat: now,
      nbf: now,
      exp: now + seconds,
      jti: `${serial}`,
      simulator: true,
    }
    const token = jwt(claims, privateKey)
    const refresh = givesRefreshTokens ? `refresh-${serial}-${pbx.random.hex(24)}` : null
    const issued = { token, refresh, clientId, expiresAt: Date.now() + seconds * 1000 }
    byClient.set(clientId, issued)
    byToken.set(token, issued)
    pbx.store.put('ServicePrincipals', principal.Id, { ...principal, LastUsed: pbx.clock.iso() })
    return {
      status: 200,
      body: { token_type: 'Bearer', expires_in: seconds, access_token: token, refresh_token: refresh },
    }
  }
  const bySecret = (form: Readonly<Record<string, unknown>>): TokenAnswer => {
    const clientId = textOf(form.client_id)
    const secret = secretOf(pbx, clientId)
    const principal = pbx.store.numbered('ServicePrincipals', clientId)
    if (secret === null || secret !== form.client_secret || !principal)
      return refused(401, 'invalid_client', 'The client is unknown or its secret is wrong.')
    if (principal.XAPIEnabled !== true && principal.CallControlEnabled !== true)
      return refused(400, 'unauthorized_client', 'The client may use nothing.')
    return issue(clientId, principal)
  }
  const byRefresh = (form: Readonly<Record<string, unknown>>): TokenAnswer => {
    const issued = [...byClient.values()].find(
      ({ refresh }) => refresh !== null && refresh === form.refresh_token,
    )
    const principal = issued ? pbx.store.numbered('ServicePrincipals', issued.clientId) : null
    if (!issued || !principal) return refused(400, 'invalid_grant', 'The refresh token is not valid.')
    return issue(issued.clientId, principal)
  }
  return {
    answer: (form) => {
      switch (form.grant_type) {
        case 'client_credentials':
          return bySecret(form)
        case 'refresh_token':
          return byRefresh(form)
        case undefined:
          return refused(400, 'invalid_request', 'grant_type is missing.')
        default:
          return refused(
            400,
            'unsupported_grant_type',
            'Only client_credentials and refresh_token are known here.',
          )
      }
    },
    callerOf: (token) => {
      const issued = byToken.get(token)
      if (!issued || issued.expiresAt <= Date.now()) return null
      const principal = pbx.store.numbered('ServicePrincipals', issued.clientId)
      return principal ? { clientId: issued.clientId, role: roleOf(principal), principal } : null
    },
    expireAll: () => byToken.clear(),
    expire: (token) => void byToken.delete(token),
    keys: { keys: [{ ...publicKey.export({ format: 'jwk' }), use: 'sig', alg: 'ES256', kid: 'simulator' }] },
  }
}

/** The role of a client: the highest of its rights in its departments. */
export function roleOf(principal: Row): Role {
  const held = (Array.isArray(principal.Groups) ? (principal.Groups as Row[]) : []).map(
    (group) => (group.Rights as Row | undefined)?.RoleName,
  )
  return ROLES.find((role) => held.includes(role)) ?? 'users'
}

function rolesOf(principal: Row): string[] {
  return [
    'App',
    'Reports',
    roleOf(principal),
    'CallFlowApp',
    ...(principal.MyPhoneEnabled === true ? ['MyPhone'] : []),
  ]
}

/** The discovery document of the sign-in. */
export const discovery = (origin: string): object => ({
  issuer: origin,
  token_endpoint: `${origin}/connect/token`,
  jwks_uri: `${origin}/.well-known/jwks`,
  grant_types_supported: ['client_credentials', 'refresh_token'],
  token_endpoint_auth_methods_supported: ['client_secret_post'],
  scopes_supported: ['openid', 'profile', 'email', 'offline_access', 'xapi', 'mcp'],
  response_types_supported: ['token'],
  id_token_signing_alg_values_supported: ['ES256'],
})
