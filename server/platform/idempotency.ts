import { randomUUID } from 'node:crypto'
import { sql, type Generated, type Kysely, type Transaction } from 'kysely'
import type { Receipt } from './current-receipt.ts'
import { databaseNow } from './database/claiming.ts'
import type { Store } from './database/store.ts'
import { HubError } from './errors.ts'
import { openText, sealText } from './sealed-text.ts'

export type IdempotencyTable = {
  id: Generated<number>
  tenant_id: number
  token_id: number
  key: string
  /** Digest of route and body. */
  fingerprint: string
  /** Whose request this is: one that was taken over finds another's claim here. */
  claim: string
  /** ms UTC on the database's clock; only means something while there is no status. */
  lease_until: number
  /** null while the request is under way. */
  status: number | null
  /** The answer, sealed with the token that asked: it may hold a secret. */
  body: string | null
  created_at: number
}
export type IdempotencyTables = { idempotency_keys: IdempotencyTable }

/** A request as its idempotency key knows it again. */
export type KeyedRequest = {
  tenantId: number
  tokenId: number
  key: string
  fingerprint: string
  /** The token itself, with which the answer is sealed. */
  secret: string
}

export type RecordedAnswer = { status: number; body: string }

/** A request that is ours to answer. */
export type Claim = Receipt & {
  /** Whether a transaction has written the answer. */
  readonly spent: boolean
  /** The answer that the receipt would leave for `value`; set before the request runs. */
  answerFor(how: (value: unknown) => RecordedAnswer): void
  /** Notes what was answered in the end, unless that is what the act has written already. */
  finish(answer: RecordedAnswer): Promise<void>
  /** Lets go of the key, unless the act was written: the next request with it begins anew. */
  release(): Promise<void>
  /** Stops keeping the lease alive. */
  stop(): void
}

export type Idempotency = {
  /**
   * Takes the key for a request, or answers what was answered before. HubError `idempotency_key_reused` when the key
   * stands for another request, `request_in_progress` while the first is under way, on whatever hub.
   */
  claim(request: KeyedRequest): Promise<Claim | RecordedAnswer>
  /** Frees at start what a killed hub left under way, where no other hub can be at work: on SQLite. */
  resume(): Promise<void>
  /** Forgets answers that are older than a day; says how many. */
  prune(): Promise<number>
}

/** Stands for an answer that was erased: its repetition gets an empty one. */
export const FORGOTTEN = ''

const KEPT_MS = 24 * 60 * 60_000
const LEASE_MS = 30_000
const RENEW_MS = 10_000
/** A row may go away between two looks at it; not for ever. */
const LOOKS = 5

const inProgress = (message: string) => new HubError('request_in_progress', message)

/** Answers to requests under a key of the client's, one row each; the row is the lock among hubs as well. */
export function openIdempotency(
  store: Store<IdempotencyTables>,
  onTrouble: (error: unknown) => void,
): Idempotency {
  const { engine } = store
  const at = databaseNow(engine)
  const purposeOf = ({ key, tenantId }: KeyedRequest) => `answer ${tenantId} ${key}`

  /** Puts our claim into a row that is free: new, left behind by a hub that is gone, or older than a day. */
  const take = async (db: Transaction<IdempotencyTables>, request: KeyedRequest, claim: string) => {
    const { tenantId, tokenId, key, fingerprint } = request
    const values = sql`${tenantId}, ${tokenId}, ${key}, ${fingerprint}, ${claim}, ${at} + ${sql.lit(LEASE_MS)}, ${at}`
    const taken = await sql<{ id: number }>`
      insert into idempotency_keys (tenant_id, token_id, key, fingerprint, claim, lease_until, created_at)
      values (${values})
      on conflict (tenant_id, token_id, key) do update set
        fingerprint = excluded.fingerprint, claim = excluded.claim, lease_until = excluded.lease_until,
        created_at = excluded.created_at, status = null, body = null
      where (idempotency_keys.status is null and idempotency_keys.lease_until <= ${at})
        or idempotency_keys.created_at <= ${at} - ${sql.lit(KEPT_MS)}
      returning id`.execute(db)
    return taken.rows[0]?.id ?? null
  }

  const look = (db: Transaction<IdempotencyTables>, { tenantId, tokenId, key }: KeyedRequest) =>
    db
      .selectFrom('idempotency_keys')
      .selectAll()
      .where('tenant_id', '=', tenantId)
      .where('token_id', '=', tokenId)
      .where('key', '=', key)
      .executeTakeFirst()

  const openClaim = (id: number, claim: string, request: KeyedRequest): Claim => {
    let spent = false
    let written: RecordedAnswer | null = null
    let answerOf = (value: unknown): RecordedAnswer => ({ status: 200, body: JSON.stringify(value) })
    const ours = (db: Kysely<IdempotencyTables>, { status, body }: RecordedAnswer) =>
      db
        .updateTable('idempotency_keys')
        .set({ status, body: sealText(body, request.secret, purposeOf(request)) })
        .where('id', '=', id)
        .where('claim', '=', claim)
    const renew = () =>
      void store.write
        .updateTable('idempotency_keys')
        .set({ lease_until: sql<number>`${at} + ${sql.lit(LEASE_MS)}` })
        .where('id', '=', id)
        .where('claim', '=', claim)
        .execute()
        .catch(onTrouble)
    const renewing = setInterval(renew, RENEW_MS).unref()
    return {
      get spent() {
        return spent
      },
      answerFor(how) {
        answerOf = how
      },
      async write(db, value) {
        const answer = answerOf(value)
        const noted = await ours(db as Kysely<IdempotencyTables>, answer)
          .where('status', 'is', null)
          .executeTakeFirst()
        if (noted.numUpdatedRows === 0n)
          throw inProgress('This request took so long that another one with its key has taken over.')
        written = answer
      },
      spend() {
        spent = true
      },
      async finish(answer) {
        const isNoted = spent && written?.status === answer.status && written.body === answer.body
        spent = true
        if (!isNoted) await store.transact(({ db }) => ours(db, answer).execute())
      },
      async release() {
        spent = true
        await store.transact(({ db }) =>
          db
            .deleteFrom('idempotency_keys')
            .where('id', '=', id)
            .where('claim', '=', claim)
            .where('status', 'is', null)
            .execute(),
        )
      },
      stop: () => clearInterval(renewing),
    }
  }

  return {
    async claim(request) {
      const claim = randomUUID()
      for (let n = 0; n < LOOKS; n++) {
        const { value } = await store.transact(async ({ db }) => {
          const id = await take(db, request, claim)
          return id === null ? await look(db, request) : { id, claim }
        })
        if (value?.claim === claim) return openClaim(value.id, claim, request)
        if (value === undefined || !('status' in value)) continue
        if (value.fingerprint !== request.fingerprint)
          throw new HubError('idempotency_key_reused', 'This Idempotency-Key stands for another request.')
        const { status, body } = value
        if (status === null || body === null)
          throw inProgress('The first request with this Idempotency-Key is still under way.')
        if (body === FORGOTTEN) return { status, body: '{}' }
        return { status, body: openText(body, request.secret, purposeOf(request)) }
      }
      throw inProgress('Requests with this Idempotency-Key are still under way.')
    },
    async resume() {
      if (engine === 'sqlite')
        await store.transact(({ db }) =>
          db.deleteFrom('idempotency_keys').where('status', 'is', null).execute(),
        )
    },
    async prune() {
      const { value } = await store.transact(({ db }) =>
        db
          .deleteFrom('idempotency_keys')
          .where('created_at', '<=', sql<number>`${at} - ${sql.lit(KEPT_MS)}`)
          .executeTakeFirst(),
      )
      return Number(value.numDeletedRows)
    },
  }
}
