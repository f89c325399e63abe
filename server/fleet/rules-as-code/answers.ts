import { setImmediate as others } from 'node:timers/promises'
import type { ChangedAnswer, PlanAnswer } from '../../../contract/pbx-rule-plans.ts'
import type { Row } from '../snapshots/canonical.ts'
import { fits, routeOfRule, RULE_ROUTES, ruleFor, ruleName } from '../trace/rules.ts'
import { trace } from '../trace/trace.ts'
import { rowOf, textOf, type World } from '../trace/world.ts'
import { isoTime } from '../write.ts'
import { momentsOf } from './moments.ts'

/** Answers told at most; behind them only how many there are. */
export const MOST_ANSWERS = 1_000
const QUESTIONS_AT_ONCE = 20
const WRITING = /[\s().\-/\u00a0]/g
const bare = (text: string) => text.replaceAll(WRITING, '')
const isOfCaller = (rule: Row) => rule['Condition'] === 'BasedOnCallerID'

/** A configuration whose rules are found by the number they look at. */
type Indexed = { world: World; exact: Map<string, number[]>; wide: number[] }
type Question = { did: string; caller: string; trunk: string }

function indexed(world: World): Indexed {
  const exact = new Map<string, number[]>()
  const wide: number[] = []
  for (const [at, rule] of world.rules.entries()) {
    const data = textOf(rule['Data'])
    if (isOfCaller(rule) || data.includes('*')) wide.push(at)
    else exact.set(bare(data), [...(exact.get(bare(data)) ?? []), at])
  }
  return { world, exact, wide }
}

/** The rules that may have to do with a question, in their order: the others say nothing of it. */
function concerned({ world, exact, wide }: Indexed, { did, caller }: Question): Row[] {
  const fitting = wide.filter((at) => {
    const rule = world.rules[at] ?? {}
    return fits(textOf(rule['Data']), isOfCaller(rule) ? caller : did)
  })
  return [...fitting, ...(exact.get(bare(did)) ?? [])]
    .sort((a, b) => a - b)
    .map((at) => world.rules[at] ?? {})
}

/** What decides where a rule sends a call; its id, its name and what the PBX notes beside it do not. */
const meaningOf = ({ Id: _id, RuleName: _name, CustomData: _custom, ...rest }: Row) => JSON.stringify(rest)
const meaning = (rules: readonly Row[]) => rules.map(meaningOf).join('\n')

/** A caller whom a mask takes. */
const callerFor = (mask: string): string => (mask === '*' ? '+15550100' : mask.replaceAll('*', '5550100'))

/** Every DID, and a caller for each rule for callers that is not the same in both. */
function questionsFor(before: World, after: World): Question[] {
  const didsOf = (trunk: Row) => (Array.isArray(trunk['DidNumbers']) ? trunk['DidNumbers'].map(textOf) : [])
  const questions = after.trunks.flatMap((trunk) =>
    didsOf(trunk).map((did) => ({ did, caller: '', trunk: textOf(trunk['Number']) })),
  )
  const [had, has] = [before, after].map(
    ({ rules }) => new Map(rules.filter(isOfCaller).map((rule) => [meaningOf(rule), rule])),
  )
  const differing = [
    ...[...(had ?? [])].filter(([key]) => !has?.has(key)),
    ...[...(has ?? [])].filter(([key]) => !had?.has(key)),
  ]
  const asked = new Map<string, Question>()
  for (const [, rule] of differing) {
    const of = textOf(rowOf(rule['TrunkDN'])?.['Number'])
    const trunk = after.trunks.find((one) => of === '' || one['Number'] === of)
    const [did] = trunk ? didsOf(trunk) : []
    const caller = callerFor(textOf(rule['Data']))
    if (trunk && did !== undefined)
      asked.set(`${of} ${caller}`, { did, caller, trunk: textOf(trunk['Number']) })
  }
  return [...questions, ...asked.values()]
}

/** Remembers which way a rule goes at a moment: many rules follow the same hours. */
function openRoutes() {
  const known = new Map<string, ReturnType<typeof routeOfRule>['route']>()
  return (world: World, rule: Row, at: number) => {
    const key = JSON.stringify([
      at,
      rule['Hours'] ?? null,
      rule['TrunkDN'] ?? null,
      rule['AlterDestinationDuringHolidays'] ?? false,
      rule['AlterDestinationDuringOutOfOfficeHours'] ?? false,
    ])
    const found = known.get(key) ?? routeOfRule(world, rule, at).route
    known.set(key, found)
    return found
  }
}

/**
 * The questions that are answered otherwise by another list of rules: for every DID each way in which the two differ in the
 * coming week or on a holiday, and a caller for each rule for callers. `count` tells of more than are listed.
 */
export async function changedAnswers(
  before: World,
  after: World,
  now: number,
): Promise<{ answers: ChangedAnswer[]; count: number }> {
  const [old, later] = [indexed(before), indexed(after)]
  const routeAt = openRoutes()
  const momentsByHours = new Map<string, number[]>()
  const moments = (rule: Row) => {
    const key = JSON.stringify([rule['Hours'] ?? null, rule['TrunkDN'] ?? null])
    const found = momentsByHours.get(key) ?? momentsOf(after, rule, now)
    momentsByHours.set(key, found)
    return found
  }
  const answers: ChangedAnswer[] = []
  let count = 0
  for (const [n, question] of questionsFor(before, after).entries()) {
    if (n % QUESTIONS_AT_ONCE === 0) await others()
    const [ofOld, ofLater] = [concerned(old, question), concerned(later, question)]
    if (meaning(ofOld) === meaning(ofLater)) continue
    const worlds = [
      { ...before, rules: ofOld },
      { ...after, rules: ofLater },
    ] as const
    const rules = worlds.map((world) => ruleFor(world, { ...question, at: now }).rule)
    const seen = new Set<string>()
    const times = new Set(rules.flatMap((rule) => (rule === null ? [now] : moments(rule))))
    for (const at of [...times].sort((a, b) => a - b)) {
      const routes = rules.map((rule) => (rule === null ? null : routeAt(after, rule, at)))
      const leads = rules.map((rule, i) => destinationOf(rule, routes[i] ?? null))
      const way = JSON.stringify([routes, leads])
      if (leads[0] === leads[1] || seen.has(way)) continue
      seen.add(way)
      count += 1
      if (answers.length === MOST_ANSWERS) continue
      const [one, other] = worlds.map((world, i) =>
        answerOf(world, question, at, rules[i] ?? null, routes[i] ?? null),
      )
      if (one && other) answers.push({ ...question, at: isoTime(at), before: one, after: other })
    }
  }
  return { answers, count }
}

function destinationOf(rule: Row | null, route: keyof typeof RULE_ROUTES | null): string {
  const destination = rule === null || route === null ? null : rowOf(rule[RULE_ROUTES[route]])
  const to = textOf(destination?.['To'])
  return to === '' || to === 'None'
    ? ''
    : JSON.stringify([to, destination?.['Number'] ?? '', destination?.['External'] ?? ''])
}

function answerOf(
  world: World,
  question: Question,
  at: number,
  rule: Row | null,
  hours: string | null,
): PlanAnswer {
  const { steps } = trace(world, { ...question, at })
  const path = steps.map(({ node }) => node).filter((node) => !/^(number|rule):/.test(node))
  return { rule: rule === null ? null : ruleName(rule), hours, path }
}
