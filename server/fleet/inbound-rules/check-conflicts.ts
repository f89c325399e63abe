import type { Row } from '../snapshots/canonical.ts'
import { takesAll } from '../trace/report.ts'
import { ruleName } from '../trace/rules.ts'
import { rowOf, textOf, type World } from '../trace/world.ts'
import { refusal, someOf, warning, type Complaint } from './complaint.ts'
import type { RuleDraft } from './shape.ts'

const idOf = (rule: Row): number | null => Number(rule['Id'] ?? 0) || null
const trunkOf = (rule: Row) => textOf(rowOf(rule['TrunkDN'])?.['Number'])
const called = (rule: Row) => `rule ${textOf(rule['Id'])} "${ruleName(rule)}"`
const isOfCaller = (rule: Row) => rule['Condition'] === 'BasedOnCallerID'

/** How a rule agrees with the other rules of its PBX: those of callers come first, each kind in the order of the PBX. */
export function checkConflicts(rule: RuleDraft, { rules }: Pick<World, 'rules'>): Complaint[] {
  const { condition, data } = rule
  if (condition === null || data === null) return []
  const mine: Row = {
    Condition: condition,
    Data: data,
    ...(rule.trunk_dn?.number ? { TrunkDN: { Number: rule.trunk_dn.number } } : {}),
  }
  const others = rules.filter((other) => rule.id === null || idOf(other) !== rule.id)
  const isSame = (other: Row) => other['Condition'] === condition && textOf(other['Data']) === data
  const twin = others.find((other) => isSame(other) && trunkOf(other) === trunkOf(mine))
  if (twin)
    return [
      refusal(
        'data',
        'duplicate',
        `${called(twin)} looks at the same on the same trunk: change that one, or delete it first.`,
      ),
    ]
  return [...checkOrder(mine, rule.id, rules), ...checkTrunks(mine, others.filter(isSame))]
}

/** Rules that take every call of this one before it is looked at, and those it takes every call of. */
function checkOrder(mine: Row, id: number | null, rules: readonly Row[]): Complaint[] {
  const place = id === null ? -1 : rules.findIndex((rule) => idOf(rule) === id)
  const isBefore = (other: Row, index: number) =>
    isOfCaller(other) === isOfCaller(mine) ? place < 0 || index < place : isOfCaller(other)
  const [before, after]: [string[], string[]] = [[], []]
  for (const [index, other] of rules.entries()) {
    if (index === place || other['CallType'] === 'InternalCallsOnly') continue
    if (!isBefore(other, index) && takesAll(mine, other)) after.push(called(other))
    else if (isBefore(other, index) && takesAll(other, mine)) before.push(called(other))
  }
  const found: Complaint[] = []
  if (before[0] !== undefined)
    found.push(
      warning(
        'data',
        'never_reached',
        `${before[0]} comes before it and takes every such call: narrow that one, or delete it.`,
      ),
    )
  if (after.length > 0)
    found.push(
      warning(
        'data',
        'hides',
        `It takes every call of ${someOf(after, 5)}, which the PBX looks at later: narrow this one, or delete those.`,
      ),
    )
  return found
}

const checkTrunks = (mine: Row, others: readonly Row[]): Complaint[] =>
  mine['Condition'] !== 'BasedOnDID'
    ? []
    : others.map((other) =>
        warning(
          'data',
          'number_on_two_trunks',
          `${called(other)} looks at the same number on trunk ${trunkOf(other)}: make sure that both are meant.`,
        ),
      )
