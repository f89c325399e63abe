import { Type, type Static } from 'typebox'
import { Id, Instant, LongText, Nullable, PageOf, PatchOf, ShortText } from './common.ts'
import { Cleared, MaybeTruth, Whole, WrittenDate } from './tolerant.ts'

/** How a host's certificate is judged: by the public authorities, by its fingerprint alone, or not at all. */
export const TLS_MODES = ['verify', 'pinned', 'skip'] as const
/** Where a host's call records come from. */
export const CDR_SOURCES = [
  'auto',
  'xapi',
  'socket_in',
  'socket_out',
  'files',
  'data_connector',
  'none',
] as const

/** The fields that are stored encrypted and answered as a mask. */
export const HOST_SECRETS = [
  'web_password',
  'ssh_password',
  'ssh_key',
  'licence_key',
  'xapi_client_secret',
] as const
export type HostSecret = (typeof HOST_SECRETS)[number]

const Secret = (maxLength: number) =>
  Cleared(
    Type.String({
      maxLength,
      description: 'Stored encrypted, answered as a mask. Absent or the mask = unchanged, null = cleared.',
    }),
  )
const Minutes = Cleared(Whole(1, 525_600))
const Port = Cleared(Whole(1, 65_535))
const IdField = Cleared(Whole(1, Number.MAX_SAFE_INTEGER))

/** A PBX as clients of this API family write it: fields that are not ours, `id` and `code` among them, are ignored. */
export const HostInput = Type.Object({
  host_name: Type.String({ minLength: 1, maxLength: 255 }),
  customer_file_id: IdField,
  active: MaybeTruth,
  ip_address: Cleared(Type.String({ maxLength: 64 })),
  web_username: Cleared(ShortText),
  web_password: Secret(1_000),
  ssh_username: Cleared(ShortText),
  ssh_password: Secret(1_000),
  ssh_key: Secret(20_000),
  licence_key: Secret(255),
  licence_type: Cleared(ShortText),
  licence_activation_date: Cleared(WrittenDate),
  licence_renewal_date: Cleared(WrittenDate),
  sbc_aliases: Cleared(LongText),
  backups_location: Cleared(Type.String({ maxLength: 1_000 })),
  fetch_backups: MaybeTruth,
  backups_frequency: Minutes,
  fetch_cdr: MaybeTruth,
  cdr_frequency: Minutes,
  push_cdr: MaybeTruth,
  fetch_recordings: MaybeTruth,
  recordings_frequency: Minutes,
  push_recordings: MaybeTruth,
  /** Whether its configuration is read now and then, and after how many minutes again. */
  fetch_snapshots: MaybeTruth,
  snapshots_frequency: Minutes,
  make_csv_data: MaybeTruth,
  cl_calls_is_sync: MaybeTruth,
  cl_participants_is_sync: MaybeTruth,
  /** JSON of extensions, queues and ring groups, as a text or as the value itself. */
  pbx_map: Cleared(
    Type.Union([
      Type.String({ maxLength: 900_000 }),
      Type.Record(Type.String(), Type.Unknown()),
      Type.Array(Type.Unknown()),
    ]),
  ),
  comment: Cleared(LongText),
  /** Where the PBX's own API is, such as `https://pbx.example.com:5001`; null = https and the host's name. */
  xapi_url: Cleared(Type.String({ maxLength: 1_000 })),
  xapi_client_id: Cleared(ShortText),
  xapi_client_secret: Secret(1_000),
  tls_mode: Cleared(Type.Enum([...TLS_MODES])),
  /** SHA-256 of the certificate, 64 hexadecimal digits; needed for `pinned`. */
  tls_fingerprint: Cleared(Type.String({ maxLength: 200 })),
  ssh_port: Port,
  /** IANA name of the zone its clocks and its records without offset are in; null = the tenant's. */
  time_zone: Cleared(Type.String({ maxLength: 64 })),
  /** Whose directory its callers are matched against. */
  profile_id: IdField,
  tags: Cleared(
    Type.Union([
      Type.String({ maxLength: 1_000 }),
      Type.Array(Type.String({ maxLength: 60 }), { maxItems: 50 }),
    ]),
  ),
  cdr_source: Cleared(Type.Enum([...CDR_SOURCES])),
  /** Addresses and networks its call records may come from; null = its `ip_address`. */
  cdr_addresses: Cleared(
    Type.Union([
      Type.String({ maxLength: 2_000 }),
      Type.Array(Type.String({ maxLength: 64 }), { maxItems: 50 }),
    ]),
  ),
  /** The port of its own that its call records come in on. */
  cdr_port: Port,
  /** Whether its live calls are followed; needs `xapi_client_id` and `xapi_client_secret`. */
  watch_calls: MaybeTruth,
  /** Calling codes that this PBX lets its users dial; null = not known. */
  open_destinations: Cleared(Type.Array(Type.String({ pattern: '^\\+?[0-9]{1,7}$' }), { maxItems: 300 })),
})
/** A change: absent = unchanged, null = cleared. */
export const HostPatch = PatchOf(HostInput, { closed: false })

/** One thing a host was tested for: `able` null = not tested, with the reason. */
export const Capability = Type.Object({
  able: Nullable(Type.Boolean()),
  /** Why not, in words for a person; null when able. */
  reason: Nullable(Type.String()),
  /** What was found, such as an address, a certificate's fingerprint or an SSH banner. */
  found: Nullable(Type.String()),
  /** What to do about a no, where something is known. */
  advice: Type.Optional(Type.String()),
})
/** What a host was found able to do, by what was tested: `dns`, `tls`, `http`, `ssh`, `token`, each resource of its API, `pbx_map`. */
export const Capabilities = Type.Object({
  tested_at: Instant,
  results: Type.Record(Type.String(), Capability),
})

const MaybeText = Nullable(Type.String())
const MaybeInt = Nullable(Type.Integer())

/** A PBX as it is answered. Secrets are masks. */
export const Host = Type.Object({
  id: Id,
  customer_file_id: Nullable(Id),
  host_name: Type.String(),
  /** Unique, made by the hub. */
  code: Type.String(),
  active: Type.Boolean({ default: true }),
  ip_address: MaybeText,
  web_username: MaybeText,
  web_password: MaybeText,
  ssh_username: Nullable(Type.String({ default: 'phonesystem' })),
  ssh_password: MaybeText,
  ssh_key: MaybeText,
  licence_key: MaybeText,
  licence_type: MaybeText,
  licence_activation_date: MaybeText,
  licence_renewal_date: MaybeText,
  sbc_aliases: MaybeText,
  backups_location: MaybeText,
  fetch_backups: Type.Boolean({ default: false }),
  backups_frequency: Type.Integer({ default: 1440, description: 'Minutes.' }),
  fetch_cdr: Type.Boolean({ default: false }),
  cdr_frequency: Type.Integer({ default: 1440, description: 'Minutes.' }),
  push_cdr: Type.Boolean(),
  fetch_recordings: Type.Boolean({ default: false }),
  recordings_frequency: Type.Integer({ default: 1440, description: 'Minutes.' }),
  push_recordings: Type.Boolean(),
  fetch_snapshots: Type.Boolean({ default: true }),
  snapshots_frequency: Type.Integer({ default: 1440 }),
  make_csv_data: Type.Boolean(),
  cl_calls_is_sync: Type.Boolean({ default: true }),
  cl_participants_is_sync: Type.Boolean({ default: true }),
  pbx_map: Nullable(Type.String({ description: 'JSON of extensions, queues and ring groups.' })),
  /** When the hub built the map from the PBX; null = there is none, or it was given by hand and stays. */
  pbx_map_built_at: Nullable(Instant),
  comment: MaybeText,
  xapi_url: MaybeText,
  xapi_client_id: MaybeText,
  xapi_client_secret: MaybeText,
  tls_mode: Type.Enum([...TLS_MODES], { default: 'verify' }),
  tls_fingerprint: MaybeText,
  ssh_port: Type.Integer({ default: 22 }),
  time_zone: MaybeText,
  profile_id: MaybeInt,
  tags: Type.Array(Type.String()),
  cdr_source: Type.Enum([...CDR_SOURCES], { default: 'auto' }),
  cdr_addresses: Nullable(Type.Array(Type.String())),
  cdr_port: MaybeInt,
  watch_calls: Type.Boolean({ default: false }),
  open_destinations: Nullable(Type.Array(Type.String())),
  /** What its last test found; null = never tested. */
  capabilities: Nullable(Capabilities),
  /** When it last answered us. */
  last_seen_at: Nullable(Instant),
  created_at: Instant,
  updated_at: Instant,
})
/** All hosts, or with `page` or `per_page` one page of them. */
export const HostList = Type.Union([Type.Array(Host), PageOf(Host)])

/** Which secrets to show, all unless named, and why: the reason is kept in the audit trail. */
export const RevealInput = Type.Object(
  {
    fields: Type.Optional(Type.Array(Type.Enum([...HOST_SECRETS]), { minItems: 1, uniqueItems: true })),
    reason: Type.String({ minLength: 3, maxLength: 500 }),
  },
  { additionalProperties: false },
)
/** Secrets in clear, by field; null = none is stored. */
export const Revealed = Type.Record(Type.String(), Nullable(Type.String()))

/** What a test found, and what this test does not look at. */
export const HostTest = Type.Object({
  id: Id,
  ...Capabilities.properties,
  not_covered: Type.Array(Type.String()),
})

/** How many there are of each in a map that was built from the PBX. */
export const BuiltMap = Type.Object({
  id: Id,
  built_at: Instant,
  departments: Type.Integer(),
  extensions: Type.Integer(),
  queues: Type.Integer(),
  ring_groups: Type.Integer(),
  ivrs: Type.Integer(),
  /** Parts that the PBX does not open to the API client. */
  not_read: Type.Array(Type.String()),
})

/** What a removal says. */
export const Removed = Type.Object({ message: Type.String() })

export type HostInput = Static<typeof HostInput>
export type HostPatch = Static<typeof HostPatch>
export type Host = Static<typeof Host>
export type Capability = Static<typeof Capability>
export type Capabilities = Static<typeof Capabilities>
export type RevealInput = Static<typeof RevealInput>
export type Revealed = Static<typeof Revealed>
export type BuiltMap = Static<typeof BuiltMap>
export type HostTest = Static<typeof HostTest>
