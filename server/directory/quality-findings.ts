import { getCountryCallingCode } from 'libphonenumber-js/max'
import { sql, type RawBuilder } from 'kysely'
import type { QualityFinding, QualityKind } from '../../contract/quality.ts'
import { isCountry } from './number-plan.ts'
import type { DirectoryDb } from './write.ts'

type Why = QualityFinding['why']

/**
 * One finding before its parties are read. `phone_id` names one stored number; otherwise `customer_id`, `contact_id` and
 * `subject` say whose numbers or names they are.
 */
export type FindingRow = {
  why: Why
  subject: string
  customer_id: number | null
  contact_id: number | null
  phone_id: number | null
}

export const ADVICE: Record<Why, string> = {
  unreadable: 'Write the whole number here, or take it away: nobody is found by this text.',
  shared_number:
    'A caller with this number is ambiguous: merge the customers if they are one, or take the number off those it does not belong to.',
  number_twice: 'Take one of the two away.',
  same_person: 'Merge the contacts: POST /api/v1/contacts/{id}/merge.',
  same_name: 'Merge the customers if they are one: POST /api/v1/customers/{id}/merge.',
  other_country:
    'Right for a number abroad. If it is not, write it with + and its country, or renormalise with the right country.',
  no_country:
    "Name the tenant's country and renormalise, or write the number with + and its country: until then it matches whatever country calls.",
}

/** A number as it identifies: what two spellings have in common. SQL over an alias `p` of phones. */
const NUMBER = sql<string>`coalesce(p.e164, p.national, p.exact)`
const NONE = sql`cast(null as integer)`
/** What is left of a text that is no short code once its digits are off. */
const UNREADABLE = sql<boolean>`(p.exact is not null and ltrim(p.exact, '0123456789*#') <> '' and p.kind <> 'extension')`

const phoneFindings = (why: RawBuilder<string>, tenantId: number, where: RawBuilder<boolean>) =>
  sql<FindingRow>`select ${why} as why, ${NUMBER} as subject, p.customer_id, p.contact_id, p.id as phone_id
    from phones p where p.tenant_id = ${tenantId} and ${where}`

/** Numbers of parties that belong to different customers; a person of no customer stands for herself. */
const shared = (tenantId: number) =>
  sql<FindingRow>`select 'shared_number' as why, number as subject, ${NONE} as customer_id, ${NONE} as contact_id,
    ${NONE} as phone_id from (
      select coalesce(p.e164, p.national) as number, coalesce(p.customer_id, c.customer_id, -c.id) as owner
      from phones p left join contacts c on c.tenant_id = p.tenant_id and c.id = p.contact_id
      where p.tenant_id = ${tenantId} and p.exact is null) as owned
    group by number having count(distinct owner) > 1`

const duplicate = (tenantId: number) =>
  sql<FindingRow>`select 'number_twice' as why, ${NUMBER} as subject, p.customer_id, p.contact_id, ${NONE} as phone_id
    from phones p where p.tenant_id = ${tenantId}
    group by p.customer_id, p.contact_id, ${NUMBER}, coalesce(p.extension, '') having count(*) > 1
  union
  select 'same_person' as why, name_folded as subject, customer_id, ${NONE} as contact_id, ${NONE} as phone_id from (
    select c.customer_id, c.name_folded from phones p
    join contacts c on c.tenant_id = p.tenant_id and c.id = p.contact_id
    where p.tenant_id = ${tenantId} and c.customer_id is not null and c.name_folded <> ''
    group by c.customer_id, c.name_folded, ${NUMBER} having count(distinct c.id) > 1) as people
  union
  select 'same_name' as why, name_folded as subject, ${NONE} as customer_id, ${NONE} as contact_id, ${NONE} as phone_id
    from customers where tenant_id = ${tenantId} group by name_folded having count(*) > 1`

/** The countries numbers were read in, each with its calling code. */
async function callingCodes(db: DirectoryDb, tenantId: number): Promise<{ country: string; code: string }[]> {
  const rows = await db
    .selectFrom('phones')
    .select('country')
    .distinct()
    .where('tenant_id', '=', tenantId)
    .where('country', 'is not', null)
    .execute()
  return rows.flatMap(({ country }) =>
    country !== null && isCountry(country) ? [{ country, code: getCountryCallingCode(country) }] : [],
  )
}

async function wrongCountry(db: DirectoryDb, tenantId: number) {
  const abroad = (await callingCodes(db, tenantId)).map(
    ({ country, code }) => sql`(p.country = ${country} and p.e164 not like ${`+${code}%`})`,
  )
  const wrong = sql<boolean>`(p.national is not null${abroad.length > 0 ? sql` or ${sql.join(abroad, sql` or `)}` : sql``})`
  const why = sql<string>`case when p.national is not null then 'no_country' else 'other_country' end`
  return phoneFindings(why, tenantId, wrong)
}

/** The findings of one kind as a query, in no order. */
export async function findingsOf(
  db: DirectoryDb,
  tenantId: number,
  kind: QualityKind,
): Promise<RawBuilder<FindingRow>> {
  if (kind === 'shared') return shared(tenantId)
  if (kind === 'duplicate') return duplicate(tenantId)
  if (kind === 'wrong_country') return wrongCountry(db, tenantId)
  return phoneFindings(sql`'unreadable'`, tenantId, UNREADABLE)
}
