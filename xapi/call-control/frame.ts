import { isParticipant, type Participant } from './participant.ts'

/** What a frame of the event socket says. */
export type Change =
  | { kind: 'leg'; dn: string; legId: number; leg: Participant | null }
  | { kind: 'gone'; dn: string; legId: number }
  | { kind: 'dn'; dn: string }

const UPSERT = 0
const REMOVE = 1

/** Reads a frame; null for what does not concern calls: key presses, prompts, answers to requests, and the unknown. */
export function readChange(frame: unknown): Change | null {
  const event = (
    frame as { event?: { event_type?: unknown; entity?: unknown; attached_data?: unknown } } | null
  )?.event
  if (typeof event?.entity !== 'string') return null
  const [, dn, kind, id] = /^\/callcontrol\/([^/]+)(?:\/([^/]+)(?:\/([^/]+))?)?\/?$/.exec(event.entity) ?? []
  if (dn === undefined) return null
  const name = decode(dn)
  if (kind === undefined) return { kind: 'dn', dn: name }
  const legId = Number(id)
  if (kind !== 'participants' || !Number.isSafeInteger(legId)) return null
  if (event.event_type === REMOVE) return { kind: 'gone', dn: name, legId }
  if (event.event_type !== UPSERT) return null
  return { kind: 'leg', dn: name, legId, leg: attached(event.attached_data, name, legId) }
}

/** Most builds attach nothing, some the leg itself, some an answer that holds it. */
function attached(data: unknown, dn: string, legId: number): Participant | null {
  const inside = (data as { Response?: unknown } | null)?.Response ?? data
  return isParticipant(inside) && inside.id === legId && inside.dn === dn ? inside : null
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
