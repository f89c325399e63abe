import { Type, type Static } from 'typebox'
import { Callback } from './callbacks.ts'
import { Id, Instant, Nullable } from './common.ts'
import { ContactInput } from './contacts.ts'
import { Contract } from './contracts.ts'
import { CustomerInput } from './customers.ts'
import { Disposition, DispositionCode, Language } from './dispositions.ts'
import { SeenLiveCall } from './live.ts'
import { Note } from './notes.ts'
import { Call } from './pbx3cx-calls.ts'
import { Phone } from './phones.ts'

const MaybeText = Nullable(Type.String())

/** What a card is asked by; the first that is there, in this order, decides. */
export const PopQuery = Type.Object({
  customer_id: Type.Optional(Id),
  contact_id: Type.Optional(Id),
  /** Either of them: the id in a `/pop/{id}` link. */
  party_id: Type.Optional(Id),
  /**
   * The id of a call at its PBX, `id:` and the number of a call in `pbx3cx-call-logs`, or `live:` and the hub's number of a
   * live call.
   */
  call: Type.Optional(Type.String({ maxLength: 255 })),
  /** The PBX host of `call`. */
  host: Type.Optional(Id),
  /** In any spelling; whatever cannot be read is an unknown caller. */
  number: Type.Optional(Type.String({ maxLength: 2_000 })),
  /** The language of labels: en, fr, ro or de; default: the user's, else what the browser asks for, else en. */
  lang: Type.Optional(Type.String({ maxLength: 35 })),
})
export type PopQuery = Static<typeof PopQuery>

/** A customer as an agent needs it. */
const PopCustomer = Type.Object({
  id: Id,
  account: MaybeText,
  name: Type.String(),
  external_id: MaybeText,
  vip: Type.Boolean(),
  /** The category's name. */
  category: MaybeText,
  on_call_duty: Type.Boolean(),
  phones: Type.Array(Phone),
  comment: MaybeText,
  /** Where the CRM shows it: the party's own `backend_link`. */
  crm_link: MaybeText,
  active: Type.Boolean(),
})
const PopContact = Type.Object({
  id: Id,
  customer_id: Nullable(Id),
  name: Type.String(),
  first_name: MaybeText,
  last_name: MaybeText,
  email: MaybeText,
  role: MaybeText,
  external_id: MaybeText,
  phones: Type.Array(Phone),
  comment: MaybeText,
  crm_link: MaybeText,
  active: Type.Boolean(),
})
const PopCandidate = Type.Object({
  customer: Nullable(
    Type.Object({
      id: Id,
      account: MaybeText,
      name: Type.String(),
      vip: Type.Boolean(),
      on_call_duty: Type.Boolean(),
    }),
  ),
  contact: Nullable(Type.Object({ id: Id, name: Type.String() })),
})

/** Everything a person who takes a call wants to see, in one bounded answer. */
export const PopCard = Type.Object({
  /** What the card is about: the number asked for or that of the call; null when it was opened for a party. */
  number: Nullable(
    Type.Object({
      raw: Type.String(),
      kind: Type.String({ description: 'withheld, external, national, short or unreadable' }),
      e164: MaybeText,
    }),
  ),
  /** The call it was opened for, as it is known by now; null: none, or the PBX has not told of it yet. */
  call: Nullable(
    Type.Object({
      /** As it was asked for. */
      call: Type.String(),
      host_id: Nullable(Id),
      /** As in `pbx3cx-call-logs`; null while no record tells of it. */
      record: Nullable(Call),
      /** As the hub saw it on its PBX, when it was asked for by the PBX's id or `live:`; null when it did not. */
      live: Nullable(SeenLiveCall),
    }),
  ),
  known: Type.Boolean(),
  ambiguous: Type.Boolean(),
  /** How sure: 0 to 1. Below 0.9 the name is a guess for display. */
  confidence: Type.Number(),
  tier: MaybeText,
  vip: Type.Boolean(),
  on_call_duty: Type.Boolean(),
  customer: Nullable(PopCustomer),
  contact: Nullable(PopContact),
  /** Whom it may be, at most 20, when that is several. */
  candidates: Type.Array(PopCandidate),
  /** At most 20 of the customer, those in force first. */
  contracts: Type.Array(Contract),
  /** Newest first, at most 10 each. */
  calls: Type.Array(Call),
  dispositions: Type.Array(Disposition),
  notes: Type.Array(Note),
  /** Open ones, the earliest first, at most 10. */
  callbacks: Type.Array(Callback),
  /** null when the card has no number. */
  do_not_call: Nullable(Type.Object({ do_not_call: Type.Boolean(), since: Nullable(Instant) })),
  codes: Type.Array(DispositionCode),
  /** The language of the labels. */
  language: Language,
  crm_link: MaybeText,
  /** What whoever asks may do from here. */
  may: Type.Object({ disposition: Type.Boolean(), note: Type.Boolean(), attach: Type.Boolean() }),
})
export type PopCard = Static<typeof PopCard>

/**
 * Puts a number with somebody: a contact or customer that is there (`contact_id`, `customer_id`), or one made on the
 * spot (`contact`, of `customer_id` or of `customer`; `customer` alone).
 */
export const PopAttachInput = Type.Object(
  {
    number: Type.String({ minLength: 1, maxLength: 200 }),
    customer_id: Type.Optional(Id),
    contact_id: Type.Optional(Id),
    customer: Type.Optional(
      Type.Object(
        {
          name: CustomerInput.properties.name,
          customer_account: CustomerInput.properties.customer_account,
        },
        { additionalProperties: false },
      ),
    ),
    contact: Type.Optional(
      Type.Object(
        {
          first_name: ContactInput.properties.first_name,
          last_name: ContactInput.properties.last_name,
          email: ContactInput.properties.email,
          role: ContactInput.properties.role,
        },
        { additionalProperties: false },
      ),
    ),
    /** Of the number at a contact, such as `mobile`; default `business`. */
    kind: Type.Optional(Type.String({ pattern: '^[a-z][a-z0-9_]{0,39}$' })),
    /** The number may belong to somebody else as well. */
    shared: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
)
export const PopAttached = Type.Object({
  customer_id: Nullable(Id),
  contact_id: Nullable(Id),
  /** Of these, which were made. */
  created: Type.Array(Type.Enum(['customer', 'contact'])),
  /** false: the number was there already. */
  attached: Type.Boolean(),
  e164: MaybeText,
})
export type PopAttachInput = Static<typeof PopAttachInput>
export type PopAttached = Static<typeof PopAttached>
