import { Type, type Static } from 'typebox'
import { ListQuery, Nullable, PageOf } from './common.ts'
import { XapiHostParams } from './xapi.ts'

/** What inbound rules look at. */
export const RULE_CONDITIONS = ['BasedOnDID', 'BasedOnCallerID'] as const
/** Every condition of a PBX: those of extensions share the list. */
export const CONDITIONS = [
  ...RULE_CONDITIONS,
  'NoAnswer',
  'PhoneBusy',
  'PhoneNotRegistered',
  'ForwardAll',
] as const
export const CALL_TYPES = ['AllCalls', 'InternalCallsOnly', 'ExternalCallsOnly'] as const
export const DESTINATION_TYPES = [
  'None',
  'VoiceMail',
  'Extension',
  'Queue',
  'RingGroup',
  'IVR',
  'External',
  'Fax',
  'RoutePoint',
  'Boomerang',
  'Deflect',
  'VoiceMailOfDestination',
  'Callback',
  'ProceedWithNoExceptions',
] as const
export const HOURS_TYPES = [
  'OfficeHours',
  'AllHours',
  'OutOfOfficeHours',
  'SpecificHours',
  'SpecificHoursExcludingHolidays',
  'OutOfSpecificHours',
  'OutOfSpecificHoursIncludingHolidays',
  'Never',
  'BreakTime',
] as const
export const DAYS_OF_WEEK = [
  'Sunday',
  'Monday',
  'Tuesday',
  'Wednesday',
  'Thursday',
  'Friday',
  'Saturday',
] as const

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

const Line = Type.String({ maxLength: 255 })
const MaybeLine = Type.Optional(Nullable(Line))

/** A destination that is given. Without `to` the one that is there stays of its kind; what decorates it is not looked at. */
export const RuleDestinationInput = Type.Object(
  {
    to: Type.Optional(Type.Enum([...DESTINATION_TYPES])),
    /** Of somebody inside. */
    number: MaybeLine,
    /** A number outside, for `External`. */
    external: MaybeLine,
    name: Type.Optional(Type.Unknown()),
    type: Type.Optional(Type.Unknown()),
  },
  { additionalProperties: false },
)

export const RuleHoursInput = Type.Object(
  {
    type: Type.Optional(Type.Enum([...HOURS_TYPES])),
    ignore_holidays: Type.Optional(Nullable(Type.Boolean())),
    /** `HH:MM[:SS]` by the clocks of the PBX; for the types with `Specific` in their names. */
    periods: Type.Optional(
      Nullable(
        Type.Array(
          Type.Object(
            { day_of_week: Type.Enum([...DAYS_OF_WEEK]), start: Type.String(), stop: Type.String() },
            { additionalProperties: false },
          ),
          { maxItems: 200 },
        ),
      ),
    ),
  },
  { additionalProperties: false },
)

/** The trunk of a rule, by any of these. */
export const RuleTrunkInput = Type.Object(
  {
    id: Type.Optional(Nullable(Type.Integer({ minimum: 1, maximum: 2_147_483_647 }))),
    number: MaybeLine,
    name: MaybeLine,
    type: Type.Optional(Type.Unknown()),
  },
  { additionalProperties: false },
)

/**
 * An inbound rule that is written: absent = unchanged, null = cleared. The names that the PBX gives the fields are taken too
 * (`RuleName`, `OfficeHoursDestination`), in any mixture, and the JSON text of an object where an object belongs.
 */
export const InboundRuleInput = Type.Object(
  {
    /** The PBX gives it; it may only repeat the one of the address. */
    id: Type.Optional(Nullable(Type.Integer())),
    rule_name: MaybeLine,
    condition: Type.Optional(Nullable(Type.Enum([...CONDITIONS]))),
    /** With `BasedOnDID` a number as the trunk lists it; with `BasedOnCallerID` a mask, in which `*` stands for any digits. */
    data: MaybeLine,
    custom_data: MaybeLine,
    call_type: Type.Optional(Nullable(Type.Enum([...CALL_TYPES]))),
    trunk_dn: Type.Optional(Nullable(RuleTrunkInput)),
    hours: Type.Optional(Nullable(RuleHoursInput)),
    office_hours_destination: Type.Optional(Nullable(RuleDestinationInput)),
    out_of_office_hours_destination: Type.Optional(Nullable(RuleDestinationInput)),
    holidays_destination: Type.Optional(Nullable(RuleDestinationInput)),
    alter_destination_during_out_of_office_hours: Type.Optional(Nullable(Type.Boolean())),
    alter_destination_during_holidays: Type.Optional(Nullable(Type.Boolean())),
  },
  { additionalProperties: false },
)

/** Something about a rule that was written which somebody should look at. */
export const RuleWarning = Type.Object({
  /** By path, in our names. */
  field: Type.String(),
  /** Stable. */
  code: Type.String(),
  message: Type.String(),
})

/** A rule as it was written, and what is worth a look. */
export const WrittenInboundRule = Type.Object({
  ...InboundRule.properties,
  warnings: Type.Array(RuleWarning),
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
export const WrittenInboundRuleAnswer = Type.Union([WrittenInboundRule, RawInboundRule])
/** `format=csv`: a sheet. */
export const CallerIdRulesQuery = Type.Object({ raw: Raw, format: Type.Optional(Type.Enum(['json', 'csv'])) })
export const CallerIdRules = Type.Object({ data: Type.Array(Type.Union([InboundRule, RawInboundRule])) })
export const BulkDeleteInput = Type.Object(
  {
    ids: Type.Array(Type.Integer({ minimum: 1, maximum: 2_147_483_647 }), {
      minItems: 1,
      maxItems: 1_000,
      uniqueItems: true,
    }),
  },
  { additionalProperties: false },
)
/** What was there. */
export const BulkDeleted = Type.Object({ deleted: Type.Array(Type.Union([InboundRule, RawInboundRule])) })
export const InboundRuleAnswer = Type.Union([InboundRule, RawInboundRule])

export type InboundRule = Static<typeof InboundRule>
export type RuleDestination = Static<typeof RuleDestination>
export type RuleHours = Static<typeof RuleHours>
export type InboundRuleInput = Static<typeof InboundRuleInput>
export type RuleWarning = Static<typeof RuleWarning>
export type RawInboundRule = Static<typeof RawInboundRule>
export type InboundRuleListQuery = Static<typeof InboundRuleListQuery>
