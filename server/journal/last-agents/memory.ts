import { isOneOf } from '../../platform/database/engine.ts'
import type { Change, Store } from '../../platform/database/store.ts'
import { openTalkTable, SEGMENTS, type Speaker } from './talk-table.ts'
import type { LastAgentTables } from './tables.ts'

/** Who talked with a caller last on one PBX; `talked_at` in ms UTC. */
export type LastTalk = { extension: string; host_id: number; talked_at: number }
/** By whom a caller is known. */
export type TalkedWith = { e164: string | null; customer_id: number | null; contact_id: number | null }

/** The blocks are how the talks lie; the facts are small. */
export type LastAgentsImage = { facts: Speaker[]; memory: SharedArrayBuffer[] }

/** Who talked with whom last, in memory: routes ask for it while a phone rings. */
export type LastAgentMemory = {
  /** The last one on each PBX, the latest first: under the number or, with another number of theirs, under the party. */
  find(tenantId: number, caller: TalkedWith): LastTalk[]
  stats(): { talks: number; bytes: number }
  hydrate(): Promise<void>
  apply(changes: Change[]): Promise<void>
  image(): LastAgentsImage
  load(image: LastAgentsImage): void
}

/** Blocks that an image has. */
export const LAST_AGENT_BLOCKS = SEGMENTS

const PAGE = 2_000
const COLUMNS = ['id', 'tenant_id', 'host_id', 'e164', 'party_id', 'extension', 'talked_at'] as const
type Row = {
  id: number
  tenant_id: number
  host_id: number
  e164: string | null
  party_id: number | null
  extension: string
  talked_at: number
}

const numberKey = (e164: string) => Number(e164.slice(1))
const partyKey = (id: number) => -id
const breathe = () => new Promise<void>((resolve) => setImmediate(resolve))

/** Talks with the few extensions they are told by, each of which is written down once. */
function openTalks({ facts, memory }: LastAgentsImage = { facts: [], memory: [] }) {
  const table = openTalkTable(memory)
  const speakers = [...facts]
  const nameOf = ({ tenantId, hostId, extension }: Speaker) => `${tenantId} ${hostId} ${extension}`
  const places = new Map(speakers.map((speaker, place) => [nameOf(speaker), place]))
  const placeOf = (speaker: Speaker) => {
    const name = nameOf(speaker)
    const there = places.get(name)
    if (there !== undefined) return there
    places.set(name, speakers.length)
    return speakers.push(speaker) - 1
  }
  return {
    table,
    speakers,
    put({ id, tenant_id, host_id, e164, party_id, extension, talked_at }: Row) {
      const key = e164 === null ? partyKey(party_id ?? 0) : numberKey(e164)
      if (!Number.isSafeInteger(key) || key === 0) return
      const speaker = placeOf({ tenantId: tenant_id, hostId: host_id, extension })
      table.put({ id, key, at: talked_at, speaker })
    },
  }
}

export function openLastAgentMemory(store: Store<LastAgentTables>): LastAgentMemory {
  let talks = openTalks()
  const rows = () => store.feed.selectFrom('last_agents').select(COLUMNS)

  const reload = async (ids: number[]) => {
    const gone = new Set(ids)
    for (let from = 0; from < ids.length; from += PAGE) {
      const some = ids.slice(from, from + PAGE)
      for (const row of await rows()
        .where(isOneOf(store.engine, 'id', some, 'bigint'))
        .execute()) {
        talks.put(row)
        gone.delete(row.id)
      }
    }
    if (gone.size > 0) await talks.table.sweep((id) => gone.has(id))
  }

  /** What was known of a PBX goes with it, and nobody tells of each row. */
  const forgetHosts = async (ids: Set<number>) => {
    const { speakers, table } = talks
    const asked = [...new Set(speakers.map(({ hostId }) => hostId))].filter((id) => ids.has(id))
    if (asked.length === 0) return
    const found = await store.feed
      .selectFrom('last_agents')
      .select('host_id')
      .distinct()
      .where(isOneOf(store.engine, 'host_id', asked, 'bigint'))
      .execute()
    const gone = new Set(asked)
    for (const { host_id } of found) gone.delete(host_id)
    if (gone.size > 0) await table.sweep((_, speaker) => gone.has(speakers[speaker]!.hostId))
  }

  return {
    find(tenantId, { e164, customer_id, contact_id }) {
      const party = contact_id ?? customer_id
      const byHost = new Map<number, LastTalk>()
      for (const key of [
        ...(e164 === null ? [] : [numberKey(e164)]),
        ...(party === null ? [] : [partyKey(party)]),
      ])
        for (const { at, speaker } of talks.table.find(key)) {
          const { tenantId: owner, hostId: host_id, extension } = talks.speakers[speaker]!
          if (owner !== tenantId || at <= (byHost.get(host_id)?.talked_at ?? -Infinity)) continue
          byHost.set(host_id, { extension, host_id, talked_at: at })
        }
      return [...byHost.values()].sort((one, other) => other.talked_at - one.talked_at)
    },
    stats: () => talks.table.stats(),
    async hydrate() {
      const fresh = openTalks()
      for (let after = 0; ;) {
        const page = await rows().where('id', '>', after).orderBy('id').limit(PAGE).execute()
        for (const row of page) fresh.put(row)
        const last = page.at(-1)
        if (last === undefined) break
        after = last.id
        await breathe()
      }
      talks = fresh
    },
    async apply(changes) {
      const idsOf = (entity: string) =>
        new Set(changes.filter((one) => one.entity === entity).flatMap((one) => one.ids))
      const [rowIds, hostIds] = [idsOf('last_agent'), idsOf('pbx_host')]
      if (rowIds.size > 0) await reload([...rowIds])
      if (hostIds.size > 0) await forgetHosts(hostIds)
    },
    image: () => ({ facts: [...talks.speakers], memory: talks.table.image() }),
    load: (image) => void (talks = openTalks(image)),
  }
}
