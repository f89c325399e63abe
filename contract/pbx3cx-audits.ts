import { Type, type Static } from 'typebox'
import { Id, Instant, LongText, Nullable, PageOf, PatchOf, ShortText } from './common.ts'
import { Cleared, MaybeTruth, Whole, WrittenDate, WrittenInstant } from './tolerant.ts'

/** What a checklist looks at. */
export const AUDIT_ITEMS = [
  'server_billing',
  'server_name',
  'server_sizing',
  'server_ssh_keys',
  'pbx_language',
  'pbx_updates',
  'pbx_backups',
  'pbx_firewall',
  'pbx_in_out_bound_rules',
  'pbx_contacts_match',
  'pbx_users_config',
  'pbx_users_permissions',
  'pbx_provider_config',
  'pbx_emergency_numbers',
  'pbx_codecs',
  'pbx_mails',
  'pbx_provision_users',
  'pbx_provision_callqueues',
] as const
export type AuditItem = (typeof AUDIT_ITEMS)[number]

export const AUDIT_KINDS = ['checklist', 'change'] as const

/** Each item by its name. */
function each<Value>(value: Value): Record<AuditItem, Value> {
  return Object.fromEntries(AUDIT_ITEMS.map((name) => [name, value])) as Record<AuditItem, Value>
}

/** 0 = wrong, 0.5 = partly, 1 = right; also as a text. */
const WrittenScore = Type.Union([
  Type.Literal(0),
  Type.Literal(0.5),
  Type.Literal(1),
  Type.Literal('0'),
  Type.Literal('0.5'),
  Type.Literal('1'),
])

/**
 * One audit of a PBX. A `checklist` scores its items; a `change` says what became of which object. Fields that are not
 * ours are ignored.
 */
export const AuditInput = Type.Object({
  pbx3cx_host_id: Whole(1, Number.MAX_SAFE_INTEGER),
  /** Absent: `change` when an `object` is named, else `checklist`. It never changes afterwards. */
  kind: Type.Optional(Type.Enum([...AUDIT_KINDS])),
  /** Scores by item; those absent stay as they are. */
  items: Cleared(Type.Object(each(Cleared(WrittenScore)))),
  assignee_id: Cleared(Whole(1, Number.MAX_SAFE_INTEGER)),
  next_audit_at: Cleared(WrittenDate),
  close: MaybeTruth,
  comment: Cleared(LongText),
  /** What was changed, such as `inbound rule 12`. */
  object: Cleared(ShortText),
  /** The object before and after: any JSON. */
  before: Type.Optional(Type.Unknown()),
  after: Type.Optional(Type.Unknown()),
  /** When it was changed; absent = now. */
  when: Cleared(WrittenInstant),
  /** Who changed it; absent = the token that says so. */
  who: Cleared(ShortText),
  /** Where this is known from, such as `pbx` or `manual`. */
  source: Cleared(ShortText),
})
/** A change: absent = unchanged, null = cleared. */
export const AuditPatch = PatchOf(AuditInput, { closed: false })

/** An audit as it is answered; what the other kind has is null. */
export const PbxAudit = Type.Object({
  id: Id,
  pbx3cx_host_id: Id,
  kind: Type.Enum([...AUDIT_KINDS]),
  items: Nullable(Type.Object(each(Nullable(Type.Number())))),
  assignee_id: Nullable(Type.Integer()),
  next_audit_at: Nullable(Type.String()),
  close: Type.Boolean({ default: false }),
  comment: Nullable(Type.String()),
  object: Nullable(Type.String()),
  before: Type.Unknown(),
  after: Type.Unknown(),
  /** When it was changed; of a checklist, when it was begun. */
  when: Instant,
  who: Nullable(Type.String()),
  source: Nullable(Type.String()),
  created_at: Instant,
  updated_at: Instant,
})
export const PbxAuditPage = PageOf(PbxAudit)

export type AuditInput = Static<typeof AuditInput>
export type AuditPatch = Static<typeof AuditPatch>
export type PbxAudit = Static<typeof PbxAudit>
