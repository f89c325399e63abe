import { Type, type Static } from 'typebox'
import { Id, Nullable, ShortText } from './common.ts'
import { ContactInput } from './contacts.ts'
import { CustomerInput } from './customers.ts'

const closed = { additionalProperties: false }
const upsert = { op: Type.Literal('upsert') }
const remove = { op: Type.Literal('delete') }
const customer = { type: Type.Literal('customer') }
const contact = { type: Type.Literal('contact') }

/** What every line of a bulk begins with; the rest depends on both. */
export const BulkHead = Type.Object({
  op: Type.Enum(['upsert', 'delete']),
  type: Type.Enum(['customer', 'contact']),
})

/** Found by `customer_account`, else by `external_id`. Absent = unchanged, null = cleared; a new one needs a name. */
export const BulkCustomer = Type.Object(
  { ...upsert, ...customer, ...Type.Partial(CustomerInput).properties },
  closed,
)
/**
 * Found by `id`, else by `external_id`. The contact's customer by `customer_id`, or by `customer_account`, which may
 * be that of an earlier line.
 */
export const BulkContact = Type.Object(
  {
    ...upsert,
    ...contact,
    id: Type.Optional(Id),
    customer_account: Type.Optional(Nullable(ShortText)),
    ...ContactInput.properties,
  },
  closed,
)
export const BulkCustomerRemoval = Type.Object(
  {
    ...remove,
    ...customer,
    customer_account: Type.Optional(Nullable(ShortText)),
    external_id: Type.Optional(Nullable(ShortText)),
  },
  closed,
)
export const BulkContactRemoval = Type.Object(
  { ...remove, ...contact, id: Type.Optional(Id), external_id: Type.Optional(Nullable(ShortText)) },
  closed,
)
export type BulkCustomer = Static<typeof BulkCustomer>
export type BulkContact = Static<typeof BulkContact>
export type BulkCustomerRemoval = Static<typeof BulkCustomerRemoval>
export type BulkContactRemoval = Static<typeof BulkContactRemoval>
export type BulkLine = BulkCustomer | BulkContact | BulkCustomerRemoval | BulkContactRemoval

export const BULK_STATUSES = ['created', 'updated', 'unchanged', 'deleted', 'error'] as const
export type BulkStatus = (typeof BULK_STATUSES)[number]

/** The answer to one line, one line itself. */
export const BulkAnswer = Type.Object({
  /** Number of the line it answers, from 1. */
  line: Type.Integer({ minimum: 1 }),
  status: Type.Enum([...BULK_STATUSES]),
  /** null of what is not there. */
  id: Nullable(Id),
  /** With status `error`: as an error of the same write alone would say. */
  code: Type.Optional(Type.String()),
  message: Type.Optional(Type.String()),
  errors: Type.Optional(Type.Record(Type.String(), Type.Array(Type.String()))),
})
export type BulkAnswer = Static<typeof BulkAnswer>
