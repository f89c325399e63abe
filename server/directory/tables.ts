import type { Generated } from 'kysely'
import type { AuditTables } from '../platform/audit.ts'
import type { ChangeTables } from '../platform/changes.ts'
import type { Flag } from '../platform/database/json.ts'

type Stamps = { created_at: number; updated_at: number }

type HintColumns = {
  direct_line: string | null
  /** 0-100, 100 first in line. */
  queue_position: number | null
  route_identifier: string | null
  backend_link: string | null
  outbound_number: string | null
  language: string | null
}

export type CategoriesTable = {
  id: Generated<number>
  tenant_id: number
  name: string
  name_folded: string
  vip: Flag
  /** `vip` for the category the hub made itself; null for every other. */
  builtin: string | null
} & Stamps

/** The id comes from the space all parties share: take it with `takePartyIds`. */
export type CustomersTable = {
  id: number
  tenant_id: number
  account: string | null
  /** `accountKey` of the account; unique in the tenant. */
  account_key: string | null
  external_id: string | null
  name: string
  name_folded: string
  category_id: number | null
  active: Flag
  comment: string | null
  import_id: number | null
} & HintColumns &
  Stamps

/** The id comes from the space all parties share: take it with `takePartyIds`. */
export type ContactsTable = {
  id: number
  tenant_id: number
  customer_id: number | null
  external_id: string | null
  /** How an import knows this person again within the customer. */
  import_key: string | null
  first_name: string | null
  last_name: string | null
  name_folded: string
  email: string | null
  role: string | null
  active: Flag
  comment: string | null
  import_id: number | null
} & HintColumns &
  Stamps

/** A number of exactly one customer or one contact. One of `e164`, `national`, `exact` is set. */
export type PhonesTable = {
  id: Generated<number>
  tenant_id: number
  customer_id: number | null
  contact_id: number | null
  /** Order among the party's numbers, from 0. */
  position: number
  kind: string
  label: string | null
  raw: string
  /** With its plus. */
  e164: string | null
  /** Digits without trunk prefix of a number whose country nobody named. */
  national: string | null
  /** What only the very same text matches: an extension, a short code, or something unreadable. */
  exact: string | null
  extension: string | null
  /** ISO 3166-1 alpha-2: in whose national form the text was read. */
  country: string | null
  /** Version of the rules that read it. */
  normaliser: number
}

export type ContractsTable = {
  id: Generated<number>
  tenant_id: number
  customer_id: number
  kind: string
  reference: string | null
  /** Calendar dates `YYYY-MM-DD`, both ends included, null = open. */
  start_date: string | null
  end_date: string | null
  suspended: Flag
  from_import: Flag
  comment: string | null
} & Stamps

export type CustomerFilesTable = {
  id: Generated<number>
  tenant_id: number
  customer_id: number
  name: string
  name_folded: string
  site: string | null
  external_id: string | null
  comment: string | null
} & Stamps

/** An id that was merged away and the party it means now: a customer or a contact, as it was one itself. */
export type MergedPartiesTable = {
  tenant_id: number
  from_id: number
  customer_id: number | null
  contact_id: number | null
  merged_at: number
}

/** One run through a tenant's stored numbers; `position` is the last number's id that was read. */
export type RenormalisationsTable = {
  id: Generated<number>
  tenant_id: number
  status: 'running' | 'done' | 'failed'
  country_from: 'written' | 'tenant'
  /** JSON of the actor who asked for it. */
  actor: string
  position: number
  numbers_total: number
  numbers_read: number
  changed: number
  error: string | null
  created_at: number
  updated_at: number
  finished_at: number | null
}

export type DirectoryTables = {
  categories: CategoriesTable
  customers: CustomersTable
  contacts: ContactsTable
  phones: PhonesTable
  contracts: ContractsTable
  customer_files: CustomerFilesTable
  merged_parties: MergedPartiesTable
  renormalisations: RenormalisationsTable
} & AuditTables &
  ChangeTables
