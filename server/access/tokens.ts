import type { Selectable } from 'kysely'
import type { Page } from '../../contract/common.ts'
import type { Token, TokenInput } from '../../contract/tokens.ts'
import { parseAddressList } from '../platform/address.ts'
import { recordAudit, type Actor } from '../platform/audit.ts'
import type { Clock } from '../platform/clock.ts'
import { fromJson, toFlag, toJson } from '../platform/database/json.ts'
import type { Store } from '../platform/database/store.ts'
import type { Committed } from '../platform/committed.ts'
import { unconditional, type Condition } from '../platform/etag.ts'
import { invalid, notFound } from '../platform/errors.ts'
import { readListRequest, readPage } from '../platform/listing.ts'
import { checkDepartments } from './departments.ts'
import { hashToken, newTokenSecret, tokenHint } from './token-secret.ts'
import type { AccessTables, TokensTable } from './tables.ts'

export type CreatedToken = Token & { token: string | null }

export type Tokens = {
  list(tenantId: number, query: Record<string, unknown>): Promise<Page<Token>>
  get(tenantId: number, id: number): Promise<Token>
  /** The secret is in the answer and nowhere else. */
  create(actor: Actor, input: TokenInput): Promise<Committed<CreatedToken>>
  revoke(actor: Actor, id: number, condition?: Condition): Promise<Committed<Token>>
}

const COLUMNS = { id: 'id', name: 'name', created_at: 'created_at', last_used_at: 'last_used_at' }
const isoOrNull = (at: number | null) => (at === null ? null : new Date(at).toISOString())
const listOrNull = (text: string | null) => (text === null ? null : fromJson<string[]>(text))

function toToken(row: Selectable<TokensTable>): Token {
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    hint: row.hint,
    scopes: fromJson<string[]>(row.scopes),
    address_list: listOrNull(row.address_list),
    dialects: listOrNull(row.dialects),
    clear_secrets: row.clear_secrets === 1,
    host_id: row.host_id,
    departments: listOrNull(row.departments),
    expires_at: isoOrNull(row.expires_at),
    revoked_at: isoOrNull(row.revoked_at),
    last_used_at: isoOrNull(row.last_used_at),
    created_at: new Date(row.created_at).toISOString(),
  }
}

function check(input: TokenInput): void {
  if (input.address_list) {
    try {
      parseAddressList(input.address_list)
    } catch (error) {
      throw invalid({ address_list: [(error as Error).message] })
    }
  }
  if (input.departments) checkDepartments(input.scopes.includes('admin'))
  // As with departments: it could make itself another one that sees them all.
  if (input.host_id && input.scopes.includes('admin'))
    throw invalid({ host_id: ['An administrator sees all PBX hosts.'] })
  if (input.kind !== 'address') return
  if (!input.address_list)
    throw invalid({ address_list: ['An address credential needs the addresses it trusts.'] })
  if (!input.dialects) throw invalid({ dialects: ['An address credential needs the dialects it opens.'] })
  if (input.scopes.some((scope) => scope !== 'identify' && scope !== 'journal:write')) {
    throw invalid({
      scopes: ['An address credential may identify callers and write the journal, nothing else.'],
    })
  }
}

export function openTokens(store: Store<AccessTables>, clock: Clock): Tokens {
  const own = (tenantId: number) =>
    store.read.selectFrom('tokens').selectAll().where('tenant_id', '=', tenantId)
  return {
    list(tenantId, query) {
      const request = readListRequest(query, { sort: Object.keys(COLUMNS), filters: ['name'] })
      const { name } = request.filters
      const rows = name === undefined ? own(tenantId) : own(tenantId).where('name', '=', name)
      return readPage(rows, request, COLUMNS, (found) => found.map(toToken))
    },
    async get(tenantId, id) {
      const row = await own(tenantId).where('id', '=', id).executeTakeFirst()
      if (!row) throw notFound('Token')
      return toToken(row)
    },
    create(actor, input) {
      check(input)
      const secret = input.kind === 'address' ? null : newTokenSecret()
      return store.transact(async (tx) => {
        const now = clock.now()
        const row = await tx.db
          .insertInto('tokens')
          .values({
            tenant_id: actor.tenantId,
            kind: input.kind ?? 'api',
            name: input.name,
            hash: secret === null ? null : hashToken(secret),
            hint: secret === null ? '' : tokenHint(secret),
            scopes: toJson(input.scopes),
            address_list: input.address_list ? toJson(input.address_list) : null,
            dialects: input.dialects ? toJson(input.dialects) : null,
            profile_id: null,
            host_id: input.host_id ?? null,
            departments: input.departments ? toJson(input.departments) : null,
            expires_at: input.expires_at ? Date.parse(input.expires_at) : null,
            revoked_at: null,
            last_used_at: null,
            bootstrap: 0,
            clear_secrets: toFlag(input.clear_secrets === true),
            created_at: now,
            updated_at: now,
          })
          .returningAll()
          .executeTakeFirstOrThrow()
        await recordAudit(tx, actor, {
          action: 'create',
          entity: 'token',
          entityId: row.id,
          after: toToken(row),
        })
        tx.changed(actor.tenantId, 'token', row.id)
        return { ...toToken(row), token: secret }
      })
    },
    revoke(actor, id, condition = unconditional) {
      return store.transact(async (tx) => {
        const rows = tx.db.selectFrom('tokens').selectAll()
        const mine = rows.where('tenant_id', '=', actor.tenantId).where('id', '=', id)
        const before = await (tx.engine === 'postgres' ? mine.forUpdate() : mine).executeTakeFirst()
        if (!before) throw notFound('Token')
        condition(toToken(before))
        const row = await tx.db
          .updateTable('tokens')
          .set((of) => ({
            revoked_at: of.fn.coalesce('revoked_at', of.val(clock.now())),
            updated_at: clock.now(),
          }))
          .where('tenant_id', '=', actor.tenantId)
          .where('id', '=', id)
          .returningAll()
          .executeTakeFirstOrThrow()
        await recordAudit(tx, actor, { action: 'revoke', entity: 'token', entityId: id, after: toToken(row) })
        tx.changed(actor.tenantId, 'token', id)
        return toToken(row)
      })
    },
  }
}
