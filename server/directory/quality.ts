import { sql, type RawBuilder } from 'kysely'
import type { Page } from '../../contract/common.ts'
import {
  QUALITY_KINDS,
  type QualityCounts,
  type QualityFinding,
  type QualityKind,
  type QualityParty,
} from '../../contract/quality.ts'
import { readListRequest } from '../platform/listing.ts'
import { ADVICE, findingsOf, type FindingRow } from './quality-findings.ts'
import { contactName } from './records.ts'
import type { DirectoryStore } from './write.ts'

/** What a person should look at in a tenant's book. Read on the connections for lists; nothing is kept. */
export type Quality = {
  counts(tenantId: number): Promise<QualityCounts>
  /** One page of findings; no filters, one order. */
  list(tenantId: number, kind: QualityKind, query: Record<string, unknown>): Promise<Page<QualityFinding>>
}

const PARTIES_SHOWN = 50

type PartyRow = {
  total: number
  customer_id: number | null
  contact_id: number | null
  company_id: number | null
  customer_name: string | null
  first_name: string | null
  last_name: string | null
  email: string | null
  written: string | null
  read: string | null
  country: string | null
}

function toParty(row: PartyRow): QualityParty {
  const { written, read, country } = row
  return row.contact_id === null
    ? {
        party: 'customer',
        id: row.customer_id ?? 0,
        name: row.customer_name ?? '',
        customer_id: null,
        customer_name: null,
        written,
        read,
        country,
      }
    : {
        party: 'contact',
        id: row.contact_id,
        name: contactName(row),
        customer_id: row.company_id,
        customer_name: row.customer_name,
        written,
        read,
        country,
      }
}

/** Which stored numbers a finding is about, over an alias `p` of phones and `c` of contacts. By an index each. */
function numbersOf(row: FindingRow): RawBuilder<boolean> {
  if (row.phone_id !== null) return sql`p.id = ${row.phone_id}`
  if (row.why === 'same_person')
    return sql`c.customer_id = ${row.customer_id} and c.name_folded = ${row.subject}`
  const owner =
    row.contact_id === null ? sql`p.customer_id = ${row.customer_id}` : sql`p.contact_id = ${row.contact_id}`
  return sql`${owner} and coalesce(p.e164, p.national, p.exact) = ${row.subject}`
}

/** Numbers with whose they are; at most 50 of each number. */
function numberRows(tenantId: number, where: RawBuilder<boolean>): RawBuilder<PartyRow> {
  return sql`select * from (
    select p.customer_id, p.contact_id, c.customer_id as company_id, k.name as customer_name, c.first_name, c.last_name,
      c.email, p.raw as written, coalesce(p.e164, p.national, p.exact) as read, p.country,
      count(*) over same_number as total, row_number() over (same_number order by p.id) as place
    from phones p
    left join contacts c on c.tenant_id = p.tenant_id and c.id = p.contact_id
    left join customers k on k.tenant_id = p.tenant_id and k.id = coalesce(p.customer_id, c.customer_id)
    where p.tenant_id = ${tenantId} and ${where}
    window same_number as (partition by coalesce(p.e164, p.national, p.exact))) as numbers
    where place <= ${PARTIES_SHOWN} order by read, place`
}

function namesakes(tenantId: number, name: string): RawBuilder<PartyRow> {
  return sql`select k.id as customer_id, k.name as customer_name, null as contact_id, null as company_id,
    null as first_name, null as last_name, null as email, null as written, null as read, null as country,
    count(*) over () as total
    from customers k where k.tenant_id = ${tenantId} and k.name_folded = ${name} order by k.id limit ${PARTIES_SHOWN}`
}

/** Of the numbers of people with one name those that several of them have. */
function common(rows: PartyRow[]): PartyRow[] {
  const owners = Map.groupBy(rows, (row) => row.read)
  return rows
    .filter((row) => new Set(owners.get(row.read)?.map((one) => one.contact_id)).size > 1)
    .map((row, _place, all) => ({ ...row, total: all.length }))
}

export function openQuality(store: DirectoryStore): Quality {
  const { read } = store
  const count = async (tenantId: number, kind: QualityKind): Promise<number> => {
    const findings = await findingsOf(read, tenantId, kind)
    const { rows } = await sql<{
      total: number
    }>`select count(*) as total from (${findings}) as findings`.execute(read)
    return Number(rows[0]?.total ?? 0)
  }
  const rowsOf = async (tenantId: number, row: FindingRow): Promise<PartyRow[]> => {
    if (row.why === 'same_name') return (await namesakes(tenantId, row.subject).execute(read)).rows
    const { rows } = await numberRows(tenantId, numbersOf(row)).execute(read)
    return row.why === 'same_person' ? common(rows) : rows
  }
  /** The parties of a page. Numbers have no index, so those that several have are looked for all at once. */
  const partiesOf = async (tenantId: number, page: FindingRow[]): Promise<PartyRow[][]> => {
    const numbers = page.filter((row) => row.why === 'shared_number').map((row) => row.subject)
    if (numbers.length === 0) {
      const parties: PartyRow[][] = []
      for (const row of page) parties.push(await rowsOf(tenantId, row))
      return parties
    }
    const where = sql<boolean>`p.exact is null and coalesce(p.e164, p.national) in (${sql.join(numbers)})`
    const { rows } = await numberRows(tenantId, where).execute(read)
    const found = Map.groupBy(rows, (row) => row.read)
    return page.map((row) => found.get(row.subject) ?? [])
  }
  return {
    async counts(tenantId) {
      const counts = { unparseable: 0, shared: 0, duplicate: 0, wrong_country: 0 }
      for (const kind of QUALITY_KINDS) counts[kind] = await count(tenantId, kind)
      return counts
    },
    async list(tenantId, kind, query) {
      const { page, perPage } = readListRequest(query, { sort: [], filters: [] })
      const total = await count(tenantId, kind)
      const findings = await findingsOf(read, tenantId, kind)
      const { rows } = await sql<FindingRow>`select * from (${findings}) as findings
        order by why, subject, customer_id, contact_id, phone_id
        limit ${perPage} offset ${(page - 1) * perPage}`.execute(read)
      const parties = await partiesOf(tenantId, rows)
      return {
        data: rows.map(({ why, subject }, i) => ({
          why,
          subject,
          parties: (parties[i] ?? []).map(toParty),
          parties_total: Number(parties[i]?.[0]?.total ?? 0),
          advice: ADVICE[why],
        })),
        current_page: page,
        last_page: Math.max(1, Math.ceil(total / perPage)),
        per_page: perPage,
        total,
      }
    },
  }
}
