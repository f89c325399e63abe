import type { StitchedCall } from '../stitching.ts'
import type { NewTalk } from './note-talks.ts'

type Outside = {
  caller_e164: string | null
  called_e164: string | null
  customer_id: number | null
  contact_id: number | null
}

/** The last talk of a call with somebody from outside: who talked, and since when. null when nobody of ours did. */
export function talkOf(
  { tenantId, hostId }: { tenantId: number; hostId: number },
  call: StitchedCall,
  { caller_e164, called_e164, customer_id, contact_id }: Outside,
): NewTalk | null {
  if (call.direction === 'internal') return null
  const talks = call.legs.flatMap(({ agent_extension: extension, queue, status, steps }) => {
    const at = steps.find((step) => step.kind === 'talk')?.from
    const isPhone = extension !== null && extension !== queue && status === 'answered'
    return isPhone && at !== undefined ? [{ extension, at }] : []
  })
  // Told without how long: that somebody answered is all that is known.
  const { answered_at: at, agent_extension: extension, status } = call
  if (
    talks.length === 0 &&
    at !== null &&
    extension !== null &&
    extension !== call.queue &&
    status === 'answered'
  )
    talks.push({ extension, at })
  const last = talks.toSorted((one, other) => one.at - other.at).at(-1)
  if (!last) return null
  const e164 = call.direction === 'outbound' ? called_e164 : caller_e164
  return { tenantId, hostId, ...last, e164, customerId: customer_id, contactId: contact_id }
}
