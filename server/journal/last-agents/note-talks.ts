import { sql } from 'kysely'
import type { Tx } from '../../platform/database/store.ts'
import type { LastAgentsTable, LastAgentTables } from './tables.ts'

/** Somebody of ours talked with a caller. */
export type NewTalk = {
  tenantId: number
  hostId: number
  extension: string
  /** When they began to talk; ms UTC. */
  at: number
  /** The caller's number; null when it was withheld or is no number from outside. */
  e164: string | null
  customerId: number | null
  contactId: number | null
}

/** Keeps talks, in the transaction that stores their calls: an older one than is known changes nothing. */
export type NoteTalks = (tx: Tx<never>, talks: readonly NewTalk[]) => void

type Row = Omit<LastAgentsTable, 'id'>

const ROWS_AT_ONCE = 500
/** Numbers of phones: what a log calls a queue or names in words is nobody to be rung again. */
const EXTENSION = /^\d{2,10}$/

function rowsOf({ tenantId, hostId, extension, at, e164, customerId, contactId }: NewTalk): Row[] {
  if (!EXTENSION.test(extension)) return []
  const talk = {
    tenant_id: tenantId,
    host_id: hostId,
    customer_id: customerId,
    contact_id: contactId,
    extension,
    talked_at: at,
  }
  const party = contactId ?? customerId
  return [
    ...(e164 === null ? [] : [{ ...talk, e164, party_id: null }]),
    ...(party === null ? [] : [{ ...talk, e164: null, party_id: party }]),
  ]
}

const placeOf = (row: Row) => `${row.tenant_id} ${row.host_id} ${row.e164 ?? row.party_id}`

/** The latest of each place, in one order, so that two who write the same ones do not wait for each other in a circle. */
function latest(rows: Row[]): Row[] {
  const byPlace = new Map<string, Row>()
  for (const row of rows) {
    const there = byPlace.get(placeOf(row))
    if (!there || row.talked_at >= there.talked_at) byPlace.set(placeOf(row), row)
  }
  return [...byPlace].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, row]) => row)
}

async function write({ db, changed }: Tx<LastAgentTables>, talks: NewTalk[]): Promise<void> {
  const rows = talks.flatMap(rowsOf)
  for (const key of ['e164', 'party_id'] as const) {
    const ofKey = latest(rows.filter((row) => row[key] !== null))
    for (let from = 0; from < ofKey.length; from += ROWS_AT_ONCE) {
      const written = await db
        .insertInto('last_agents')
        .values(ofKey.slice(from, from + ROWS_AT_ONCE))
        .onConflict((there) =>
          there
            .columns(['tenant_id', 'host_id', key])
            .doUpdateSet((of) => ({
              customer_id: of.ref('excluded.customer_id'),
              contact_id: of.ref('excluded.contact_id'),
              extension: of.ref('excluded.extension'),
              talked_at: of.ref('excluded.talked_at'),
            }))
            .where(
              sql<boolean>`excluded.talked_at > last_agents.talked_at
                or (excluded.talked_at = last_agents.talked_at and excluded.extension <> last_agents.extension)`,
            ),
        )
        .returning(['id', 'tenant_id'])
        .execute()
      for (const [tenantId, of] of Map.groupBy(written, (row) => row.tenant_id))
        changed(
          tenantId,
          'last_agent',
          of.map((row) => row.id),
        )
    }
  }
}

/** Talks of one transaction are written together once its work is done: calls that are told of twice are kept once. */
export function openNoteTalks(): NoteTalks {
  const gathered = new WeakMap<object, NewTalk[]>()
  return (anyTx, talks) => {
    if (talks.length === 0) return
    const tx = anyTx as unknown as Tx<LastAgentTables>
    const there = gathered.get(tx.db)
    if (there) return void there.push(...talks)
    const all = [...talks]
    gathered.set(tx.db, all)
    tx.afterWork(() => write(tx, all))
  }
}
