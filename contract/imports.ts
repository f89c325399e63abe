import { Type, type Static } from 'typebox'
import { Id, Instant, Nullable, PageOf, Truth } from './common.ts'

export const IMPORT_STATUSES = ['queued', 'running', 'done', 'failed'] as const
export const ImportStatus = Type.Enum([...IMPORT_STATUSES])
export type ImportStatus = Static<typeof ImportStatus>

/** How a posted book is to be read; the book itself is the body. */
export const ImportQuery = Type.Object(
  {
    /** ISO 3166-1 alpha-2: whose national form the numbers have. Default: the tenant's country; names it when there is none. */
    country: Type.Optional(Type.String({ maxLength: 20 })),
    /** Reads and checks everything, writes nothing but the result. */
    dry_run: Type.Optional(Truth),
    /** An empty cell empties the field, rather than keeping what is there. */
    clear: Type.Optional(Truth),
    /** Default: what the body's content type says, CSV when it says nothing. */
    format: Type.Optional(Type.Enum(['csv', 'vcard'])),
    /** `,`, `;` or a tab (also `tab`); default: found in the header line. */
    delimiter: Type.Optional(Type.String({ maxLength: 3 })),
    /** JSON object: column of the file → our column, or null to ignore it. */
    mapping: Type.Optional(Type.String({ maxLength: 20_000 })),
    file_name: Type.Optional(Type.String({ maxLength: 255 })),
  },
  { additionalProperties: false },
)
export type ImportQuery = Static<typeof ImportQuery>

/** One import of a customer book and how far it is. */
export const Import = Type.Object({
  id: Id,
  status: ImportStatus,
  file_name: Nullable(Type.String()),
  dry_run: Type.Boolean(),
  country: Type.String(),
  clear: Type.Boolean(),
  bytes_total: Type.Integer(),
  bytes_read: Type.Integer(),
  /** accepted + rejected. */
  rows_read: Type.Integer(),
  accepted: Type.Integer(),
  rejected: Type.Integer(),
  warnings: Type.Integer(),
  /** Why it failed; null otherwise. */
  error: Nullable(Type.String()),
  created_at: Instant,
  started_at: Nullable(Instant),
  finished_at: Nullable(Instant),
})
export const ImportPage = PageOf(Import)
export type Import = Static<typeof Import>

/** What an import has to say about one row. */
export const ImportRemark = Type.Object({
  /** Line of the file, from 1, where the row starts. */
  line: Type.Integer(),
  severity: Type.Enum(['reject', 'warning']),
  code: Type.String(),
  reason: Type.String(),
})
export const ImportRemarkPage = PageOf(ImportRemark)
export type ImportRemark = Static<typeof ImportRemark>
