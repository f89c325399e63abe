import { FLAGS, SETS, type Condition, type FlagName, type SetName } from './rules.ts'

/** Calls that some rules leave over: flags still free or fixed, sets as what they are among or are not among. */
type Among = { isIn: boolean; values: ReadonlySet<number | string> }
type Left = {
  flags: Partial<Record<FlagName, boolean>>
  sets: Partial<Record<SetName, Among>>
  /** How many days ago somebody talked with the caller: more than `over`, at most `upTo`; Infinity takes in never. */
  talked: { over: number; upTo: number }
}

/** Steps after which a rule counts as reachable: nobody writes rules that need them. */
const MOST_STEPS = 20_000

const toLeft = ({ flags, sets, talkedWithin = Infinity }: Condition): Left => ({
  talked: { over: 0, upTo: talkedWithin },
  flags: { ...flags },
  sets: Object.fromEntries(Object.entries(sets).map(([name, values]) => [name, { isIn: true, values }])),
})

/** Whether no call can be like this: who is VIP, on call or somebody's customer is known. */
function isEmpty({ flags, sets, talked }: Left): boolean {
  if (talked.over >= talked.upTo) return true
  const isNamed = (['category_id', 'customer_id', 'account'] as const).some((name) => sets[name]?.isIn)
  if (flags.known === false && (flags.vip || flags.on_call || isNamed)) return true
  return SETS.some((name) => sets[name]?.isIn && sets[name].values.size === 0)
}

const withFlag = (left: Left, name: FlagName, value: boolean): Left => ({
  ...left,
  flags: { ...left.flags, [name]: value },
})

function withSet(left: Left, name: SetName, { isIn, values }: Among): Left {
  const now = left.sets[name]
  const filter = (from: ReadonlySet<number | string>, keep: (value: number | string) => boolean) =>
    new Set([...from].filter(keep))
  const next: Among = !now
    ? { isIn, values }
    : now.isIn
      ? { isIn: true, values: filter(now.values, (value) => values.has(value) === isIn) }
      : isIn
        ? { isIn: true, values: filter(values, (value) => !now.values.has(value)) }
        : { isIn: false, values: new Set([...now.values, ...values]) }
  return { ...left, sets: { ...left.sets, [name]: next } }
}

/** What of `left` a condition does not take, in parts that have nothing in common; null when it takes nothing. */
function subtract(left: Left, { flags, sets, talkedWithin }: Condition): Left[] | null {
  const parts: Left[] = []
  let inside = left
  for (const name of FLAGS) {
    const wanted = flags[name]
    if (wanted === undefined) continue
    const fixed = inside.flags[name]
    if (fixed === !wanted) return null
    if (fixed === undefined) parts.push(withFlag(inside, name, !wanted))
    inside = withFlag(inside, name, wanted)
  }
  for (const name of SETS) {
    const values = sets[name]
    if (!values) continue
    parts.push(withSet(inside, name, { isIn: false, values }))
    inside = withSet(inside, name, { isIn: true, values })
  }
  if (talkedWithin !== undefined) {
    const { over, upTo } = inside.talked
    parts.push({ ...inside, talked: { over: Math.max(over, talkedWithin), upTo } })
    inside = { ...inside, talked: { over, upTo: Math.min(upTo, talkedWithin) } }
  }
  return isEmpty(inside) ? null : parts.filter((part) => !isEmpty(part))
}

/**
 * Why the last of these rules can never decide: `by` are the positions of the earlier rules that together take every
 * call it is for, none when its own condition contradicts itself. null when it can.
 */
export function hiddenBy(conditions: readonly Condition[]): { by: number[] } | null {
  const own = conditions.at(-1)
  if (!own || isEmpty(toLeft(own))) return own ? { by: [] } : null
  const whole = toLeft(own)
  const earlier = conditions.slice(0, -1)
  const alone = earlier.findIndex((one) => subtract(whole, one)?.length === 0)
  if (alone >= 0) return { by: [alone] }
  let steps = 0
  const by = new Set<number>()
  const isTaken = (left: Left, from: number): boolean => {
    for (let i = from; i < earlier.length; i++) {
      if (++steps > MOST_STEPS) return false
      const parts = subtract(left, earlier[i]!)
      if (parts === null) continue
      by.add(i)
      return parts.every((part) => isTaken(part, i + 1))
    }
    return false
  }
  return isTaken(whole, 0) ? { by: [...by].toSorted((one, other) => one - other) } : null
}
