import { isOneOf } from '../platform/database/engine.ts'
import { invalid } from '../platform/errors.ts'
import type { Tx } from '../platform/database/store.ts'
import type { ProfileRow, Reading } from './profile-views.ts'
import type { RoutingTables } from './tables.ts'

/** Stands for the numbers that no profile names. */
const OTHERS = ''

type RoutingTx = Tx<RoutingTables>
type Owner = Pick<ProfileRow, 'tenant_id' | 'id'>

/** Gives a profile its called numbers; without any, and without hosts, all others. 422 on the first that another has. */
export async function claimDnids(
  { db, engine }: RoutingTx,
  { tenant_id, id }: Owner,
  { dnids, hosts, keyOf }: { dnids: string[]; hosts: number; keyOf: Reading['keyOf'] },
): Promise<void> {
  const texts = new Map(dnids.map((dnid) => [keyOf(tenant_id, dnid) ?? dnid, dnid]))
  const keys = dnids.length === 0 && hosts === 0 ? [OTHERS] : [...texts.keys()]
  await db
    .deleteFrom('profile_dnids')
    .where('tenant_id', '=', tenant_id)
    .where('profile_id', '=', id)
    .execute()
  if (keys.length === 0) return
  const taken = await db
    .selectFrom('profile_dnids')
    .innerJoin('profiles', 'profiles.id', 'profile_dnids.profile_id')
    .select(['profile_dnids.dnid_key', 'profiles.name'])
    .where('profile_dnids.tenant_id', '=', tenant_id)
    .where(isOneOf(engine, 'profile_dnids.dnid_key', keys, 'text'))
    .executeTakeFirst()
  if (taken) {
    const what =
      taken.dnid_key === OTHERS ? 'The numbers that no profile names are' : `${texts.get(taken.dnid_key)} is`
    throw invalid({ dnids: [`${what} those of the profile "${taken.name}".`] })
  }
  await db
    .insertInto('profile_dnids')
    .values(keys.map((dnid_key) => ({ tenant_id, dnid_key, profile_id: id })))
    .execute()
}

/** Gives a profile its hosts. 422 on the first that another profile has. */
export async function claimHosts(
  { db, engine }: RoutingTx,
  { tenant_id, id }: Owner,
  hosts: number[],
): Promise<void> {
  await db
    .deleteFrom('profile_hosts')
    .where('tenant_id', '=', tenant_id)
    .where('profile_id', '=', id)
    .execute()
  if (hosts.length === 0) return
  const taken = await db
    .selectFrom('profile_hosts')
    .innerJoin('profiles', 'profiles.id', 'profile_hosts.profile_id')
    .select(['profile_hosts.host_id', 'profiles.name'])
    .where('profile_hosts.tenant_id', '=', tenant_id)
    .where(isOneOf(engine, 'profile_hosts.host_id', hosts, 'bigint'))
    .executeTakeFirst()
  if (taken) {
    const field = `host_ids.${hosts.indexOf(taken.host_id)}`
    throw invalid({ [field]: [`PBX host ${taken.host_id} has the profile "${taken.name}".`] })
  }
  await db
    .insertInto('profile_hosts')
    .values(hosts.map((host_id) => ({ tenant_id, host_id, profile_id: id })))
    .execute()
}
