import { Type, type Static } from 'typebox'
import { ListQuery, Nullable, PageOf } from './common.ts'
import { XapiHostParams } from './xapi.ts'

export const RULE_CONDITIONS = ['BasedOnDID', 'BasedOnCallerID'] as const

const MaybeText = Nullable(Type.String())

/** Where calls go: to somebody inside by `number`, to a number outside by `external`, or nowhere (`None`). */
export const RuleDestination = Type.Object({
  /** `Extension`, `Queue`, `RingGroup`, `IVR`, `VoiceMail`, `External`, `Fax`, `RoutePoint`, `None`, … as the PBX has it. */
  to: Type.String(),
  number: MaybeText,
  external: MaybeText,
  name: MaybeText,
  /** The kind of number that the destination is; null when the PBX does not say. */
  type: MaybeText,
})

/** When a rule is in its hours. `OfficeHours` has no periods of its own. */
export const RuleHours = Type.Object({
  /** `OfficeHours`, `AllHours`, `SpecificHours`, `OutOfOfficeHours`, `Never`, … as the PBX has it. */
  type: Type.String(),
  ignore_holidays: Type.Boolean(),
  /** By the clocks of the PBX, `HH:MM:SS`. */
  periods: Type.Array(Type.Object({ day_of_week: Type.String(), start: Type.String(), stop: Type.String() })),
})

/** An inbound rule of a PBX. What the PBX leaves out is null, false or empty. */
export const InboundRule = Type.Object({
  id: Type.Integer(),
  rule_name: MaybeText,
  /** `BasedOnDID`: `data` is the number called; `BasedOnCallerID`: it is a mask for the caller. */
  condition: MaybeText,
  data: MaybeText,
  custom_data: MaybeText,
  /** `AllCalls`, `InternalCallsOnly` or `ExternalCallsOnly`. */
  call_type: MaybeText,
  trunk_dn: Nullable(
    Type.Object({ id: Nullable(Type.Integer()), number: MaybeText, name: MaybeText, type: MaybeText }),
  ),
  hours: Nullable(RuleHours),
  office_hours_destination: Nullable(RuleDestination),
  out_of_office_hours_destination: Nullable(RuleDestination),
  holidays_destination: Nullable(RuleDestination),
  /** False: calls outside the hours go where those within them go. */
  alter_destination_during_out_of_office_hours: Type.Boolean(),
  alter_destination_during_holidays: Type.Boolean(),
})

/** A rule with the PBX's own names and everything it told of it. */
export const RawInboundRule = Type.Record(Type.String(), Type.Unknown())

export const InboundRuleParams = Type.Object({
  ...XapiHostParams.properties,
  id: Type.Integer({ minimum: 1, maximum: 2_147_483_647 }),
})

/** `1`: rules as the PBX tells them, under its own names. */
const Raw = Type.Optional(Type.Enum(['0', '1', 'false', 'true']))
export const InboundRuleQuery = Type.Object({ raw: Raw })

const { page, per_page } = ListQuery.properties
export const InboundRuleListQuery = Type.Object({
  page,
  per_page,
  raw: Raw,
  condition: Type.Optional(Type.Enum([...RULE_CONDITIONS])),
  /** Exactly what the rule looks at. */
  data: Type.Optional(Type.String({ maxLength: 100 })),
  /** Number (DN) of the trunk. */
  trunk: Type.Optional(Type.String({ maxLength: 20 })),
})
/** One page of the rules, in the order in which the PBX lists them. */
export const InboundRulePage = Type.Union([PageOf(InboundRule), PageOf(RawInboundRule)])
export const InboundRuleAnswer = Type.Union([InboundRule, RawInboundRule])

export type InboundRule = Static<typeof InboundRule>
export type RawInboundRule = Static<typeof RawInboundRule>
export type InboundRuleListQuery = Static<typeof InboundRuleListQuery>
