import { Type, type Static } from 'typebox'
import { Id, Instant, ListQuery, Nullable, PageOf } from './common.ts'
import { ReadFrom } from './pbx-trace.ts'
import { HostReference } from './pbx-snapshots.ts'

const MaybeText = Nullable(Type.String())

/** Where calls go: somebody inside by `number`, or a number outside by `external`. */
export const PlannedDestination = Type.Object({ to: Type.String(), number: MaybeText, external: MaybeText })

/** A rule as a plan compares it: what is configuration, without ids and without the names of what it leads to. */
export const PlannedRule = Type.Object({
  rule_name: MaybeText,
  condition: MaybeText,
  data: MaybeText,
  custom_data: MaybeText,
  call_type: Type.String(),
  /** Number (DN) of the trunk. */
  trunk: MaybeText,
  hours: Type.Object({
    type: Type.String(),
    ignore_holidays: Type.Boolean(),
    periods: Type.Array(
      Type.Object({ day_of_week: Type.String(), start: Type.String(), stop: Type.String() }),
    ),
  }),
  /** null ends the call. */
  office_hours_destination: Nullable(PlannedDestination),
  out_of_office_hours_destination: Nullable(PlannedDestination),
  holidays_destination: Nullable(PlannedDestination),
  alter_destination_during_out_of_office_hours: Type.Boolean(),
  alter_destination_during_holidays: Type.Boolean(),
})

export const PLAN_STATES = ['planned', 'applying', 'stopped', 'applied', 'undone'] as const

/** One request to the PBX, in the order in which they are sent. */
export const PlanStep = Type.Object({
  act: Type.Enum(['change', 'add', 'remove']),
  /** What people call the rule. */
  rule: Type.String(),
  /** Id of the rule on the PBX; null for one that is made. */
  rule_id: Nullable(Type.Integer()),
  /** What a change changes, by field. */
  fields: Type.Array(Type.Object({ field: Type.String(), before: Type.Unknown(), after: Type.Unknown() })),
  before: Nullable(PlannedRule),
  after: Nullable(PlannedRule),
  /** The rule is removed and made again, for nothing but its place among the rules. */
  for_order: Type.Boolean(),
  /** `failed`: the PBX refused it, or its answer was lost; nothing behind it was sent. */
  state: Type.Enum(['waiting', 'done', 'failed']),
})

/** What is to be said of a rule as it would be after the plan. */
export const PlanComplaint = Type.Object({
  rule: Type.String(),
  field: Type.String(),
  code: Type.String(),
  /** True: the plan cannot be applied. */
  refuses: Type.Boolean(),
  message: Type.String(),
})

/** Where a call goes when nobody answers: the rule, and the places by their ids in a trace. */
export const PlanAnswer = Type.Object({ rule: MaybeText, hours: MaybeText, path: Type.Array(Type.String()) })

/** A question that is answered otherwise after the plan. */
export const ChangedAnswer = Type.Object({
  did: Type.String(),
  /** Empty: any caller for whom there is no rule. */
  caller: Type.String(),
  trunk: MaybeText,
  /** The first moment of the coming days at which the two differ in this way. */
  at: Instant,
  before: PlanAnswer,
  after: PlanAnswer,
})

export const RulePlanSummary = Type.Object({
  id: Id,
  pbx3cx_host_id: Id,
  /** `stopped`: something refused it on the way; applied again, it goes on. */
  state: Type.Enum([...PLAN_STATES]),
  /** The plan whose work this one takes back. */
  undoes: Nullable(Id),
  /** The file adds and changes; rules it does not name stay. */
  partial: Type.Boolean(),
  /** Rules are removed and made again where their order is to be that of the file. */
  reorder: Type.Boolean(),
  added: Type.Integer(),
  changed: Type.Integer(),
  removed: Type.Integer(),
  /** Rules whose place differs from that in the file. */
  moved: Type.Integer(),
  unchanged: Type.Integer(),
  /** Of the steps. */
  progress: Type.Object({ done: Type.Integer(), total: Type.Integer() }),
  /** Why it stopped. */
  failure: Nullable(Type.Object({ code: Type.String(), message: Type.String() })),
  can_apply: Type.Boolean(),
  created_by: Type.String(),
  created_at: Instant,
  /** Until then it can be applied. */
  expires_at: Instant,
  applied_by: MaybeText,
  applied_at: Nullable(Instant),
  finished_at: Nullable(Instant),
})

/** What a file would do to the inbound rules of a PBX, and what became of it. */
export const RulePlan = Type.Object({
  ...RulePlanSummary.properties,
  steps: Type.Array(PlanStep),
  /** Places among the rules of the same kind (of callers, of numbers), counted from 1. */
  moves: Type.Array(Type.Object({ rule: Type.String(), before: Type.Integer(), after: Type.Integer() })),
  complaints: Type.Array(PlanComplaint),
  answers: Type.Array(ChangedAnswer),
  /** What else is to be known of it. */
  notes: Type.Array(Type.String()),
  /** What the answers were worked out from, rules and trunks aside, which are always read at once. */
  read: ReadFrom,
})
export const RulePlanPage = PageOf(RulePlanSummary)

/** A PBX that a file of rules is for. */
export const RuleFileHosts = Type.Object({
  data: Type.Array(
    Type.Object({
      pbx3cx_host_id: Id,
      code: Type.String(),
      host_name: MaybeText,
      rules: Type.Integer(),
    }),
  ),
})

export const RulePlanParams = Type.Object({ host: HostReference, id: Id })
export const RulePlanHostParams = Type.Object({ host: HostReference })
const { page, per_page } = ListQuery.properties
export const RulePlanListQuery = Type.Object({ page, per_page })
const Flag = Type.Optional(Type.Enum(['0', '1', 'false', 'true']))
export const RulePlanQuery = Type.Object({
  /** `1`: rules that the file does not name stay; as `partial: true` in the file. */
  partial: Flag,
  /** `1`: rules are removed and made again where their order is to be that of the file; as `reorder: true` in it. */
  reorder: Flag,
})
export const RuleExportQuery = Type.Object({ format: Type.Optional(Type.Enum(['yaml', 'csv', 'json'])) })

export type PlannedDestination = Static<typeof PlannedDestination>
export type PlannedRule = Static<typeof PlannedRule>
export type PlanStep = Static<typeof PlanStep>
export type PlanComplaint = Static<typeof PlanComplaint>
export type PlanAnswer = Static<typeof PlanAnswer>
export type ChangedAnswer = Static<typeof ChangedAnswer>
export type RulePlanSummary = Static<typeof RulePlanSummary>
export type RulePlan = Static<typeof RulePlan>
export type RulePlanQuery = Static<typeof RulePlanQuery>
export type RuleFileHosts = Static<typeof RuleFileHosts>
