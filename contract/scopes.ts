import { Type, type Static } from 'typebox'

/** What a token may do. `admin` includes every other scope; a `:write` scope includes its `:read`. `secrets:reveal` shows stored secrets; `calls:place` lets phones dial. */
export const SCOPES = [
  'identify',
  'journal:write',
  'directory:read',
  'directory:write',
  'calls:read',
  'calls:write',
  'calls:place',
  'fleet:read',
  'fleet:write',
  'secrets:reveal',
  'admin',
] as const

export const Scope = Type.Enum([...SCOPES])
export type Scope = Static<typeof Scope>
