import type { Generated } from 'kysely'
import type { AuditTables } from '../platform/audit.ts'
import type { NoteableType } from '../../contract/notes.ts'
import type { Language } from '../../contract/dispositions.ts'
import type { ChangeTables } from '../platform/changes.ts'
import type { Flag } from '../platform/database/json.ts'
import type { CallTables } from './call-tables.ts'
import type { EventTables } from './event-tables.ts'
import type { LastAgentTables } from './last-agents/tables.ts'

/** What became of a call. */
export type DispositionsTable = {
  id: Generated<number>
  tenant_id: number
  recorded_at: number
  /** Who recorded it: a user, or a token. */
  user_id: number | null
  token_id: number | null
  /** The caller as it was sent; empty when nothing was. */
  number_raw: string
  number_kind: string
  /** With its plus; null for a caller that is no outside number. */
  e164: string | null
  /** `numberKey` of the caller; null when it is withheld. */
  number_key: string | null
  /** Whom the number meant at that time; ids that were merged away stay and are followed when read. */
  customer_id: number | null
  contact_id: number | null
  status: string
  comment: string
  agent: string | null
  call: string | null
  due_at: number | null
  /** Digest of what was sent: a repetition says the same. */
  content: string
  /** `content` while nothing else tells one record from another: the same within the window is a repetition. */
  content_key: string | null
  call_key: string | null
  /** Digest of the token's `Idempotency-Key`. */
  request_key: string | null
  updated_at: number
  /** In `calls`; null when the call it names is not known. */
  call_log_id: number | null
}

/** A status of a tenant's own beside the canonical ones. */
export type DispositionCodesTable = {
  id: Generated<number>
  tenant_id: number
  code: string
  label: string
  /** Both as `statusKey` compares them. */
  code_key: string
  label_key: string
  created_at: number
  updated_at: number
}

/** A tenant's own label of a status in one language; `code` is canonical or one of the tenant's own. */
export type DispositionLabelsTable = {
  tenant_id: number
  code: string
  language: Language
  label: string
  updated_at: number
}

/** A note on a customer, a contact or a call; ids that were merged away stay and are followed when read. */
export type NotesTable = {
  id: Generated<number>
  tenant_id: number
  noteable_type: NoteableType
  noteable_id: number
  /** Of a chat: `numberKey` of its number. */
  number_key: string | null
  /** Whom it is about: what it is on, a contact's customer, the parties of a call. */
  customer_id: number | null
  contact_id: number | null
  type: string | null
  title: string | null
  body: string | null
  /** Title and body as they are searched. */
  folded: string
  priority: number
  /** In `calls`. */
  phone_call_id: number | null
  author: string | null
  user_id: number | null
  token_id: number | null
  created_at: number
  updated_at: number
}

/** What a tenant allows of cards; at most one row of each. */
export type PopSettingsTable = {
  id: Generated<number>
  tenant_id: number
  /** Whether a link alone may open a card. */
  links: Flag
  /** What links are signed with, sealed by the keyring; null until links are allowed for the first time. */
  link_key: string | null
  rotated_at: number | null
  updated_at: number
}

/** Somebody who wants to be called (again); number and party are those of the disposition. */
export type CallbacksTable = {
  id: Generated<number>
  tenant_id: number
  disposition_id: number
  /** `cancelled`: the disposition was corrected to another one. */
  status: 'open' | 'done' | 'cancelled'
  due_at: number | null
  completed_at: number | null
  created_at: number
  updated_at: number
}

/** One number that said so at least once. In force while its disposition is newer than `lifted_to`. */
export type DoNotCallTable = {
  id: Generated<number>
  tenant_id: number
  number_key: string
  number_raw: string
  e164: string | null
  /** The last one that said so; 0 when none does any more. */
  disposition_id: number
  since: number
  /** Dispositions up to this one no longer count. */
  lifted_to: number
  lifted_at: number | null
}

/** Something a PBX said of a call. */
export type PbxEventsTable = {
  id: Generated<number>
  tenant_id: number
  received_at: number
  token_id: number | null
  event: string
  call: string | null
  number_raw: string | null
  e164: string | null
  number_key: string | null
  dnid: string | null
  agent: string | null
  queue: string | null
  customer_id: number | null
  contact_id: number | null
  /** JSON of everything that was sent, but the token. */
  payload: string
  /** Digest of it; null when the call has no id. */
  event_key: string | null
}

export type JournalTables = {
  pbx_events: PbxEventsTable
  dispositions: DispositionsTable
  disposition_codes: DispositionCodesTable
  disposition_labels: DispositionLabelsTable
  notes: NotesTable
  pop_settings: PopSettingsTable
  callbacks: CallbacksTable
  do_not_call: DoNotCallTable
} & CallTables &
  EventTables &
  LastAgentTables &
  AuditTables &
  ChangeTables
