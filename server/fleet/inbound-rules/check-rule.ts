import { RULE_CONDITIONS } from '../../../contract/pbx-inbound-rules.ts'
import type { Row } from '../snapshots/canonical.ts'
import { textOf, type World } from '../trace/world.ts'
import { checkConflicts } from './check-conflicts.ts'
import { checkDestinations } from './check-destinations.ts'
import { checkSchedule } from './check-schedule.ts'
import { refusal, someOf, warning, type Complaint } from './complaint.ts'
import { trunkId, trunkName, trunksMeant } from './resolve-rule.ts'
import type { RuleDraft } from './shape.ts'

/** What of a PBX a rule is held against. A whole configuration made ready (`openWorld`) is one. */
export type Surroundings = Pick<World, 'stations' | 'unread' | 'rules' | 'trunks' | 'configuration'>

const MASK = /^\*?[+\d][\d*]*$|^\*$/
const WRITING = /[\s().\-/]/g

/**
 * Everything that is wrong with a rule on this PBX, or worth a look, each with what to do. The rule is one that `resolveRule`
 * has seen; the one of its id among the surroundings is what it replaces.
 */
export function checkRule(rule: RuleDraft, around: Surroundings): Complaint[] {
  return [
    ...checkCondition(rule),
    ...checkTrunk(rule, around),
    ...checkData(rule, around),
    ...checkSchedule(rule),
    ...checkDestinations(rule, around),
    ...(isUnread(around, 'inbound_rules') ? [rulesUnchecked] : checkConflicts(rule, around)),
  ]
}

/** Of a rule that was wrong in the same way before it was changed, the change is not to blame: those only warn. */
export function blamedOn(before: readonly Complaint[], now: readonly Complaint[]): Complaint[] {
  const key = ({ field, code, message }: Complaint) => JSON.stringify([field, code, message])
  const had = new Set(before.map(key))
  return now.map((one) => (one.refuses && had.has(key(one)) ? { ...one, refuses: false } : one))
}

function checkCondition({ condition, call_type: callType }: RuleDraft): Complaint[] {
  const found: Complaint[] = []
  if (condition === null)
    found.push(
      refusal('condition', 'condition_missing', 'Say what the rule looks at: BasedOnDID or BasedOnCallerID.'),
    )
  else if (!(RULE_CONDITIONS as readonly string[]).includes(condition))
    found.push(
      warning(
        'condition',
        'condition_of_extensions',
        `${condition} is for the rules of extensions: the PBX may refuse it here. Inbound rules are BasedOnDID or BasedOnCallerID.`,
      ),
    )
  if (callType === 'InternalCallsOnly')
    found.push(
      warning(
        'call_type',
        'internal_calls_only',
        'Calls that come in on a trunk are from outside: the rule takes none of them. Use AllCalls or ExternalCallsOnly.',
      ),
    )
  return found
}

const called = (trunk: Row) => `${textOf(trunk['Number'])}${trunkName(trunk) ? ` "${trunkName(trunk)}"` : ''}`

const isUnread = ({ configuration }: Surroundings, resource: string) =>
  configuration.resources[resource] === undefined
const rulesUnchecked = warning(
  'data',
  'rules_unchecked',
  'The PBX does not let us see its rules: whether another one looks at the same is not known.',
)

function checkTrunk({ trunk_dn: trunk }: RuleDraft, around: Surroundings): Complaint[] {
  const { trunks } = around
  const list = someOf(trunks.map(called)) || 'none at all'
  if (trunk === null || (trunk.id === null && trunk.number === null && trunk.name === null))
    return [
      refusal('trunk_dn', 'trunk_missing', `Say which trunk: its number, id or name. This PBX has ${list}.`),
    ]
  if (isUnread(around, 'trunks'))
    return [
      warning(
        'trunk_dn',
        'trunk_unchecked',
        'The PBX does not let us see its trunks: whether it has this one is not known.',
      ),
    ]
  const [meant, ...more] = trunksMeant(around, trunk)
  if (!meant) {
    const [field, named] =
      trunk.number !== null
        ? ['number', trunk.number]
        : trunk.id !== null
          ? ['id', trunk.id]
          : ['name', trunk.name]
    return [
      refusal(`trunk_dn.${field}`, 'trunk_not_found', `This PBX has no trunk ${named}. It has ${list}.`),
    ]
  }
  if (more.length > 0)
    return [
      refusal(
        'trunk_dn.name',
        'trunk_ambiguous',
        `${more.length + 1} trunks have that name: give the number, ${someOf([meant, ...more].map((row) => textOf(row['Number'])))}.`,
      ),
    ]
  if (trunk.id !== null && trunk.id !== trunkId(meant))
    return [
      refusal(
        'trunk_dn.id',
        'trunk_mismatch',
        `Trunk ${called(meant)} has the id ${trunkId(meant)} on this PBX, not ${trunk.id}: leave id out.`,
      ),
    ]
  if (meant['EnableInboundCalls'] === false)
    return [
      warning(
        'trunk_dn',
        'trunk_takes_no_calls',
        `Trunk ${called(meant)} is set to take no calls from outside: allow them there.`,
      ),
    ]
  return []
}

const listed = (trunk: Row): string[] =>
  Array.isArray(trunk['DidNumbers']) ? trunk['DidNumbers'].map(textOf) : []
const plain = (number: string) => number.replaceAll(WRITING, '')
/** Two writings of what is probably the same number. */
const isAlike = (one: string, other: string): boolean => {
  const [a, b] = [one, other].map((number) => number.replaceAll(/\D/g, '').slice(-8))
  return plain(one) === plain(other) || (a !== undefined && a.length >= 8 && a === b)
}

function checkData({ condition, data, trunk_dn: trunk }: RuleDraft, around: Surroundings): Complaint[] {
  if (data === null) {
    const what =
      condition === 'BasedOnCallerID'
        ? 'a mask of callers, such as *612345678'
        : 'the number called, as the trunk lists it'
    return [refusal('data', 'data_missing', `Say what the rule is for: ${what}.`)]
  }
  if (condition === 'BasedOnCallerID')
    return MASK.test(data)
      ? []
      : [
          refusal(
            'data',
            'mask_not_valid',
            `"${data}" is no mask of callers: digits after an optional + or *, with * for any digits, such as +33612345678 or *5678.`,
          ),
        ]
  const [meant, ...more] = trunksMeant(around, trunk)
  if (condition !== 'BasedOnDID' || !meant || more.length > 0 || listed(meant).includes(data)) return []
  return [refusal('data', 'did_not_on_trunk', elsewhere(data, meant, around))]
}

function elsewhere(did: string, trunk: Row, { trunks }: Surroundings): string {
  const alike = listed(trunk).find((one) => isAlike(one, did))
  if (alike !== undefined)
    return `Trunk ${called(trunk)} does not list ${did}, but ${alike}: write it like that.`
  const owners = trunks.filter((row) => listed(row).some((one) => isAlike(one, did)))
  const first = `Trunk ${called(trunk)} does not list ${did}`
  return owners.length > 0
    ? `${first}; trunk ${someOf(owners.map(called))} does: name that trunk.`
    : `${first}: it has ${someOf(listed(trunk), 5) || 'no numbers'}. Add the number to DidNumbers of the trunk first.`
}
