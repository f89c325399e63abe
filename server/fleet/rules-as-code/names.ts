/** What the rules of a PBX may name. */
export type Known = {
  trunks: readonly { id: number; number: string; name: string | null; dids: readonly string[] }[]
  peers: readonly { number: string; name: string | null; type: string | null }[]
}

/** What a name stands for, or why it stands for nothing. */
export type Resolved = { number: string; problem: null } | { number: null; problem: string }

const MOST_NAMED = 8
const folded = (text: string | null) => (text ?? '').trim().replaceAll(/\s+/g, ' ').toLowerCase()
const found = (number: string): Resolved => ({ number, problem: null })
const nothing = (problem: string): Resolved => ({ number: null, problem })

type Named = { number: string; name: string | null }
const listed = (all: readonly Named[]) =>
  all
    .slice(0, MOST_NAMED)
    .map(({ number, name }) => (name ? `${number} (${name})` : number))
    .join(', ') + (all.length > MOST_NAMED ? ', …' : '')

/** A trunk by its number, else by its name, whatever the case. */
export function trunkNamed({ trunks }: Known, text: string): Resolved {
  const byNumber = trunks.find(({ number }) => number === text.trim())
  if (byNumber) return found(byNumber.number)
  const byName = trunks.filter(({ name }) => name !== null && folded(name) === folded(text))
  const [one] = byName
  if (byName.length > 1)
    return nothing(`Several trunks are called "${text}": name one by its number: ${listed(byName)}.`)
  if (one) return found(one.number)
  return nothing(
    trunks.length === 0
      ? `There is no trunk "${text}", nor any other on this PBX.`
      : `There is no trunk "${text}" on this PBX; there are ${listed(trunks)}.`,
  )
}

/** The trunk of a rule that names none: the one that has the number, or the only one there is. */
export function trunkOfNumber({ trunks }: Known, did: string | null): Resolved {
  const having = did === null ? [] : trunks.filter(({ dids }) => dids.includes(did))
  const [one] = having.length > 0 ? having : trunks
  const isOne = having.length === 1 || (having.length === 0 && trunks.length === 1)
  if (one && isOne) return found(one.number)
  return nothing(`Which trunk? Name one: ${listed(having.length > 0 ? having : trunks)}.`)
}

/** The kind of number a destination leads to; null = a number of any kind. */
const KIND_OF: Readonly<Record<string, string>> = {
  extension: 'Extension',
  voicemail: 'Extension',
  voicemailofdestination: 'Extension',
  queue: 'Queue',
  ringgroup: 'RingGroup',
  ivr: 'IVR',
  digitalreceptionist: 'IVR',
  receptionist: 'IVR',
  fax: 'Fax',
  routepoint: 'RoutePoint',
  callflow: 'RoutePoint',
}

/** Somebody inside by their name, whatever the case, among those the destination `to` may lead to. */
export function peerNamed({ peers }: Known, to: string, text: string): Resolved {
  const kind = KIND_OF[to.replaceAll(/[^a-z]/gi, '').toLowerCase()] ?? null
  const fitting = peers.filter(({ type }) => kind === null || type === null || type === kind)
  const byName = fitting.filter(({ name }) => name !== null && folded(name) === folded(text))
  const [one] = byName
  if (byName.length > 1)
    return nothing(`Several are called "${text}" (${listed(byName)}): name one by its number.`)
  if (one) return found(one.number)
  const other = peers.find(({ name }) => name !== null && folded(name) === folded(text))
  const hint = other ? ` "${text}" is ${other.type ?? 'number'} ${other.number}.` : ''
  return nothing(`No ${kind ?? 'number'} is called "${text}" on this PBX.${hint}`)
}
