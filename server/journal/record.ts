import { createHash } from 'node:crypto'
import type { Selectable } from 'kysely'
import { recordAudit, type Actor } from '../platform/audit.ts'
import { lockForTransaction } from '../platform/database/engine.ts'
import { invalid } from '../platform/errors.ts'
import { storable } from '../platform/storable.ts'
import { authorOf } from './author.ts'
import { callerNumber } from './caller-number.ts'
import { codeOf } from './codes.ts'
import { toDisposition } from './disposition-shape.ts'
import { tellDisposition } from './disposition-events.ts'
import { followUp } from './follow-ups.ts'
import type { CallLink } from './linked-calls.ts'
import type { DispositionsTable } from './tables.ts'
import type { JournalDeps, JournalTx, Telling } from './write.ts'

/** What became of a call, as it is sent. `dueAt` is ms UTC. */
export type NewDisposition = {
  /** The caller in any spelling. */
  number: string
  status: string
  comment: string
  agent: string | null
  call: string | null
  dueAt: number | null
  /** What the client knows this record again by. */
  requestKey: string | null
  /** The call it names, as it is known so far; absent: not looked for, or not known. */
  link?: CallLink
}

export type DispositionRow = Selectable<DispositionsTable>
type Draft = Omit<DispositionRow, 'id'>
/** One record after the write; `created` is false for a repetition, and `before` is what a correction replaced. */
type Kept = { row: DispositionRow; created: boolean; before: DispositionRow | null }

/** PBXs leave a variable that has no value as they found it. */
const UNFILLED = /^\s*(?:\[[^[\]]*\]|%[^%]*%|\$\{?[^{}]*\}?|\{\{?[^{}]*\}?\})?\s*$/
const LOOKS = 3

const digest = (...parts: unknown[]) => createHash('sha256').update(JSON.stringify(parts)).digest('base64url')
const filled = (text: string | null) =>
  text === null || UNFILLED.test(text) ? null : storable(text).trim() || null

/** The row that a record would make; `status` is still as it was sent. */
function draftOf(actor: Actor, given: NewDisposition, deps: JournalDeps): Draft {
  const { lookup, clock } = deps
  const { tenantId } = actor
  const { key, ...author } = authorOf(actor)
  const now = clock.now()
  const number = callerNumber(given.number, lookup.read(tenantId, given.number))
  const caller = number.number_key === null ? null : lookup.byNumber(tenantId, given.number)
  // Below that a match is for display: it proves nobody's identity.
  const named = caller !== null && caller.confidence >= 0.9 ? caller : null
  const call = filled(given.call)
  return {
    tenant_id: tenantId,
    recorded_at: now,
    updated_at: now,
    ...author,
    ...number,
    customer_id: named?.customer?.id ?? null,
    contact_id: named?.contact?.id ?? null,
    status: given.status,
    comment: storable(given.comment),
    agent: filled(given.agent),
    call,
    due_at: given.dueAt,
    call_log_id: null,
    content: '',
    content_key: null,
    // What a link says again corrects what it said before, whether it names its call or not.
    call_key: call === null && actor.kind !== 'link' ? null : digest(key, call, number.number_key),
    request_key: given.requestKey === null ? null : digest(key, given.requestKey),
  }
}

/** Says the same as another record, whatever the spelling of number and status. */
function withContent(draft: Draft, status: string, author: unknown): Draft {
  const { number_key, comment, agent, due_at, call_key, request_key } = draft
  const content = digest(author, number_key, status, comment, agent, due_at)
  const isTold = call_key !== null || request_key !== null
  return { ...draft, status, content, content_key: isTold ? null : content }
}

/** Within the window the same content is the same record; after it the key is free for a new one. */
async function freeContent(tx: JournalTx, draft: Draft, windowMs: number): Promise<void> {
  if (draft.content_key === null) return
  await tx.db
    .updateTable('dispositions')
    .set({ content_key: null })
    .where('tenant_id', '=', draft.tenant_id)
    .where('content_key', '=', draft.content_key)
    .where('recorded_at', '<=', draft.recorded_at - windowMs)
    .execute()
}

async function findSame(tx: JournalTx, draft: Draft): Promise<DispositionRow | undefined> {
  const rows = tx.db
    .selectFrom('dispositions')
    .selectAll()
    .where('tenant_id', '=', draft.tenant_id)
    .where((is) =>
      is.or(
        (['request_key', 'call_key', 'content_key'] as const).flatMap((key) =>
          draft[key] === null ? [] : [is(key, '=', draft[key])],
        ),
      ),
    )
    .orderBy('id')
    .limit(1)
  return await (tx.engine === 'postgres' ? rows.forUpdate() : rows).executeTakeFirst()
}

/** What was said again about the same call takes the place of what was said before. */
async function correct(tx: JournalTx, found: DispositionRow, draft: Draft): Promise<DispositionRow> {
  const { status, comment, agent, due_at, content } = draft
  const call_log_id = found.call_log_id ?? draft.call_log_id
  const updated_at = Math.max(draft.updated_at, found.updated_at + 1)
  return await tx.db
    .updateTable('dispositions')
    .set({ status, comment, agent, due_at, call_log_id, content, updated_at })
    .where('tenant_id', '=', found.tenant_id)
    .where('id', '=', found.id)
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** The unique keys of the table decide, not a look beforehand: of any number of repetitions at once one inserts. */
async function keep(tx: JournalTx, draft: Draft, windowMs: number): Promise<Kept> {
  for (let look = 0; look < LOOKS; look++) {
    await freeContent(tx, draft, windowMs)
    const made = await tx.db
      .insertInto('dispositions')
      .values(draft)
      .onConflict((conflict) => conflict.doNothing())
      .returningAll()
      .executeTakeFirst()
    if (made) return { row: made, created: true, before: null }
    const found = await findSame(tx, draft)
    if (!found) continue
    const isKnownByKey = draft.request_key !== null && found.request_key === draft.request_key
    if (isKnownByKey || found.content === draft.content) return { row: found, created: false, before: null }
    return { row: await correct(tx, found, draft), created: false, before: found }
  }
  throw new Error('a disposition is there and is not')
}

/**
 * Writes records in the order given, all or none; answers them in that order. 422 on `status` for one that is no
 * status (`1.status` for the second of several).
 */
export async function recordDispositions(
  tx: JournalTx,
  actor: Actor,
  given: readonly NewDisposition[],
  { windowMs, append, planCallback, ...deps }: JournalDeps & Telling & { windowMs: number },
): Promise<DispositionRow[]> {
  const drafts: Draft[] = []
  for (const [i, one] of given.entries()) {
    const status = await codeOf(tx, actor.tenantId, one.status)
    if (status === null)
      throw invalid({ [given.length === 1 ? 'status' : `${i}.status`]: [unknownStatus(one.status)] })
    const draft = { ...draftOf(actor, one, deps), call_log_id: one.link ? await one.link(tx, actor) : null }
    drafts.push(withContent(draft, status, authorOf(actor).key))
  }
  // Two lists with the same records in another order would wait for each other.
  if (drafts.length > 1) await lockForTransaction(tx.engine, tx.db as never, `records ${actor.tenantId}`)
  const kept: Kept[] = []
  for (const draft of drafts) kept.push(await keep(tx, draft, windowMs))
  for (const { row, created, before } of kept) {
    if (!created && before === null) continue
    await followUp(tx, row, before, planCallback)
    await tellDisposition(tx, append, row, !created)
    await recordAudit(tx, actor, {
      action: created ? 'create' : 'update',
      entity: 'disposition',
      entityId: row.id,
      ...(before === null ? {} : { before: toDisposition(before) }),
      after: toDisposition(row),
    })
  }
  return kept.map(({ row }) => row)
}

/** The refusal of a status, with what would be right. */
export function unknownStatus(text: string): string {
  const shown = text.trim() === '' ? 'Empty' : `"${storable(text).slice(0, 60).toWellFormed()}"`
  return `${shown} is no status: no_answer, schedule_later, do_not_disturb, completed or a code of your own.`
}
