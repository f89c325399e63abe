import type { Selectable } from 'kysely'
import type { PopLink, PopLinkInput, PopSettings, PopSettingsPatch } from '../../contract/pop-links.ts'
import { recordAudit, type Actor } from '../platform/audit.ts'
import { held } from '../platform/database/claiming.ts'
import { toFlag } from '../platform/database/json.ts'
import { HubError } from '../platform/errors.ts'
import { unconditional, type Condition } from '../platform/etag.ts'
import type { Keyring } from '../platform/keyring.ts'
import { storable } from '../platform/storable.ts'
import type { CallReach } from './call-filters.ts'
import { isSignedWith, newLinkId, newLinkKey, readLink, signLink, type LinkClaim } from './link-token.ts'
import type { PopSettingsTable } from './tables.ts'
import {
  isoOrNull,
  isoTime,
  type JournalDeps,
  type JournalStore,
  type JournalTx,
  type Written,
} from './write.ts'

/** Links that open one card for a time. */
export type PopLinks = {
  settings(tenantId: number): Promise<PopSettings>
  change(actor: Actor, patch: PopSettingsPatch, condition?: Condition): Written<PopSettings>
  /** Every link made so far is void. */
  rotate(actor: Actor): Written<PopSettings>
  /** `agent`: who will use it, if that is known. HubError `links_off`. */
  make(actor: Actor, reach: CallReach, input: PopLinkInput, agent: string | null): Written<PopLink>
  /** What a credential opens; null when it is none, or void. HubError `link_expired`. Not inside a transaction. */
  open(token: string): Promise<LinkClaim | null>
}

export type PopLinksDeps = Pick<JournalDeps, 'clock'> & {
  keyring: Keyring
  /** Where the hub is reached from outside. */
  publicUrl: string | null
}

type Row = Selectable<PopSettingsTable>
const COLUMN = { table: 'pop_settings', column: 'link_key' } as const

const placeOf = ({ id, tenant_id }: Pick<Row, 'id' | 'tenant_id'>) =>
  ({ tenantId: tenant_id, rowId: id, ...COLUMN }) as const
const toSettings = (row: Row | undefined): PopSettings => ({
  links: row?.links === 1,
  rotated_at: isoOrNull(row?.rotated_at ?? null),
})

export function openPopLinks(store: JournalStore, { clock, keyring, publicUrl }: PopLinksDeps): PopLinks {
  keyring.register(COLUMN)
  const own = (db: JournalStore['read'] | JournalTx['db'], tenantId: number) =>
    db.selectFrom('pop_settings').selectAll().where('tenant_id', '=', tenantId)

  /** The tenant's row, locked. */
  const lock = async (tx: JournalTx, tenantId: number): Promise<Row> => {
    await tx.db
      .insertInto('pop_settings')
      .values({ tenant_id: tenantId, links: 0, link_key: null, rotated_at: null, updated_at: clock.now() })
      .onConflict((one) => one.column('tenant_id').doNothing())
      .execute()
    return await held(tx.engine, own(tx.db, tenantId)).executeTakeFirstOrThrow()
  }

  const update = async (tx: JournalTx, row: Row, columns: Partial<Row>): Promise<Row> =>
    await tx.db
      .updateTable('pop_settings')
      .set({ ...columns, updated_at: clock.now() })
      .where('id', '=', row.id)
      .returningAll()
      .executeTakeFirstOrThrow()

  const renewKey = async (tx: JournalTx, row: Row, more: Partial<Row>): Promise<Row> =>
    await update(tx, row, { ...more, link_key: await keyring.seal(tx, placeOf(row), newLinkKey()) })

  const audit = (tx: JournalTx, actor: Actor, before: Row, after: Row) =>
    recordAudit(tx, actor, {
      action: 'update',
      entity: 'pop_settings',
      entityId: after.id,
      before: toSettings(before),
      after: toSettings(after),
    })

  return {
    settings: async (tenantId) => toSettings(await own(store.read, tenantId).executeTakeFirst()),

    change: (actor, patch, condition = unconditional) =>
      store.transact(async (tx) => {
        const before = await lock(tx, actor.tenantId)
        condition(toSettings(before))
        const links = patch.links === undefined ? before.links : toFlag(patch.links)
        const isFirst = links === 1 && before.link_key === null
        const after = isFirst ? await renewKey(tx, before, { links }) : await update(tx, before, { links })
        await audit(tx, actor, before, after)
        return toSettings(after)
      }),

    rotate: (actor) =>
      store.transact(async (tx) => {
        const before = await lock(tx, actor.tenantId)
        const after = await renewKey(tx, before, { rotated_at: clock.now() })
        await audit(tx, actor, before, after)
        return toSettings(after)
      }),

    async make(actor, reach, input, agent) {
      const { tenantId } = actor
      const seen = await own(store.read, tenantId).executeTakeFirst()
      if (seen?.links !== 1 || seen.link_key === null)
        throw new HubError('links_off', 'This tenant does not let links open a card.')
      const key = await keyring.open(placeOf(seen), seen.link_key)
      return await store.transact(async (tx) => {
        const row = await lock(tx, tenantId)
        // Opening the key takes no transaction, so it may have been replaced; a rotated data key seals the same one anew.
        if (row.rotated_at !== seen.rotated_at || row.links !== 1)
          throw new HubError('conflict', 'The key of links was replaced just now. Try again.')
        const claim: LinkClaim = {
          id: newLinkId(),
          tenantId,
          number: storable(input.number),
          call: input.call === undefined || input.call === null ? null : storable(input.call),
          host: input.host ?? null,
          reachHostId: reach.hostId,
          agent: agent === null ? null : storable(agent),
          expiresAt: clock.now() + input.expires_in * 1_000,
        }
        const { number, call, host, expiresAt } = claim
        const expires_at = isoTime(expiresAt)
        const after = { number, call, host, agent: claim.agent, expires_at }
        await recordAudit(tx, actor, { action: 'create', entity: 'pop_link', entityId: claim.id, after })
        const token = signLink(key, claim)
        return { token, url: publicUrl === null ? null : `${publicUrl}/pop#link=${token}`, expires_at }
      })
    },

    async open(token) {
      const claim = readLink(token)
      if (claim === null) return null
      const row = await own(store.read, claim.tenantId).executeTakeFirst()
      if (row?.links !== 1 || row.link_key === null) return null
      if (!isSignedWith(await keyring.open(placeOf(row), row.link_key), token)) return null
      if (claim.expiresAt <= clock.now())
        throw new HubError('link_expired', 'The time of this link is over. Ask for a new one.')
      return claim
    },
  }
}
