import type { Static } from 'typebox'
import { isTrue, type Truth } from '../../contract/common.ts'
import { invalid } from '../platform/errors.ts'
import { dateOf } from './calendar-day.ts'
import { builtinVipCategory } from './categories.ts'
import { addOnCallContract, customersOnCall } from './on-call.ts'
import type { DirectoryTx } from './write.ts'

type Stated = Static<typeof Truth> | undefined
type WantedCategory = { category_id?: number | null; vip?: Stated; present: number | null }

const DECIDED = 'The category decides who is a VIP: change the category instead.'

/** The category that the hub itself makes for VIPs, which may have to be made first. */
export const BUILTIN = Symbol('the category of VIPs')

/** As `categoryAfter`, `category` being the one that is named or else present; undefined = there is none with that id. */
export function ruleCategory(
  { category_id: named, vip: stated, present }: WantedCategory,
  category: { vip: number; builtin: string | null } | null | undefined,
): number | null | typeof BUILTIN {
  const id = named === undefined ? present : named
  if (category === undefined) throw invalid({ category_id: [`There is no category ${id}.`] })
  if (stated === undefined) return id
  const vip = isTrue(stated)
  if (category === null) return vip ? BUILTIN : null
  if (vip === (category.vip === 1)) return id
  // Put there by the same field, or by an import, so taken out by it too.
  if (!vip && category.builtin !== null && id === present) return null
  throw invalid({ vip: [DECIDED] })
}

/**
 * The category a customer is in after a write that names a category (undefined: does not) or says whether the
 * customer is a VIP. `present` is the category before the write.
 *
 * A 422 on `category_id` for one that is not the tenant's; on `vip` when a category of the tenant's own says
 * otherwise.
 */
export async function categoryAfter(
  tx: DirectoryTx,
  tenantId: number,
  wanted: WantedCategory,
  now: number,
): Promise<number | null> {
  const { category_id: named, present } = wanted
  const id = named === undefined ? present : named
  const category =
    id === null
      ? null
      : await tx.db
          .selectFrom('categories')
          .select(['vip', 'builtin'])
          .where('tenant_id', '=', tenantId)
          .where('id', '=', id)
          .executeTakeFirst()
  const ruled = ruleCategory(wanted, category)
  return ruled === BUILTIN ? builtinVipCategory(tx, tenantId, now) : ruled
}

/**
 * Brings the contracts of a customer in line with what a write says of on-call duty today. A 422 on
 * `on_call_duty` when it is denied while a contract gives it: which one ends, and when, is for a person to
 * say.
 */
export async function settleOnCall(
  tx: DirectoryTx,
  tenantId: number,
  customerId: number,
  stated: Stated,
  { today, now }: { today: number; now: number },
): Promise<void> {
  if (stated === undefined) return
  const onCall = (await customersOnCall(tx, tenantId, [customerId], dateOf(today))).has(customerId)
  if (isTrue(stated) === onCall) return
  if (onCall)
    throw invalid({ on_call_duty: ['A contract in force gives on-call duty: end or suspend it instead.'] })
  await addOnCallContract(tx, tenantId, customerId, now)
}
