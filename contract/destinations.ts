import { Type, type Static } from 'typebox'
import { Nullable } from './common.ts'

/** A country as a PBX knows it. */
export const PbxCountry = Type.Object({
  code: Type.String({ description: 'ISO 3166-1 alpha-2.' }),
  name: Type.String(),
  /** Digits behind the `+`; several where area codes tell countries of one code apart. */
  calling_codes: Type.Array(Type.String()),
  /** What is dialled there before an international number; null where callers choose it with their carrier. */
  exit_code: Nullable(Type.String()),
})

/** A country and whether calls to it are let out. */
export const Destination = Type.Object({
  code: Type.String({ description: 'ISO 3166-1 alpha-2.' }),
  name: Type.String(),
  calling_code: Type.String(),
  open: Type.Boolean(),
})

/** The tenant's list of destinations that are open unless a PBX says otherwise. */
export const OpenDestinationsInput = Type.Object(
  {
    /** ISO 3166-1 alpha-2; null = the tenant's own country. */
    countries: Nullable(Type.Array(Type.String({ pattern: '^[A-Za-z]{2}$' }), { maxItems: 300 })),
  },
  { additionalProperties: false },
)
export const OpenDestinations = Type.Object({
  /** What was set; null = nothing: the tenant's own country counts. */
  countries: Nullable(Type.Array(Type.String())),
  /** What counts. */
  open: Type.Array(Type.String()),
})
export type PbxCountry = Static<typeof PbxCountry>
export type Destination = Static<typeof Destination>
export type OpenDestinationsInput = Static<typeof OpenDestinationsInput>
export type OpenDestinations = Static<typeof OpenDestinations>
