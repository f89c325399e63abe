import { HubError } from '../../../platform/errors.ts'
import type { NewPbxEvent, PbxEvents } from '../../../journal/journal.ts'
import { needs, principalOf, type App, type Settle } from '../../app.ts'
import { readParameters, type Parameters } from '../../parameters.ts'
import { telephoneOf } from './record.ts'

const MOST_PARAMETERS = 60
const LONGEST = 2_000

/** The id of ours that was sent back; null for none, and for what is no id. */
function partyIdOf(parameters: Parameters): number | null {
  const text = parameters.get('contact_id')?.trim() ?? ''
  return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : null
}

function readEvent(parameters: Parameters): Omit<NewPbxEvent, 'tenantId' | 'tokenId'> {
  const event = parameters.get('event')?.trim()
  if (!event) throw new HubError('parameter_missing', 'Say what happened: event=…')
  const sent = [...parameters].filter(([name]) => name !== 'token')
  if (sent.length > MOST_PARAMETERS || sent.some(([, text]) => text.length > LONGEST))
    throw new HubError(
      'bad_request',
      `An event has at most ${MOST_PARAMETERS} parameters of ${LONGEST} characters.`,
    )
  const named = (name: string) => parameters.get(name)?.trim() || null
  return {
    event,
    call: named('uniqueid'),
    number: telephoneOf(parameters),
    dnid: named('dnid'),
    agent: named('agent'),
    queue: named('queue'),
    partyId: partyIdOf(parameters),
    payload: Object.fromEntries(sent),
  }
}

/** Takes what the PBX says of its calls; the answer, which it wants empty, says that it is kept. */
export function eventRoutes(
  app: App,
  paths: readonly string[],
  { pbxEvents, settle }: { pbxEvents: PbxEvents; settle: Settle },
): void {
  for (const path of paths)
    app.route({
      method: ['GET', 'POST'],
      url: `${path}/events`,
      ...needs('journal:write', 'caller-data'),
      schema: { tags: ['caller-data'], summary: 'What happened to a call, as its PBX tells it' },
      async handler(request, reply) {
        const { tenantId, tokenId } = principalOf(request)
        const event = readEvent(readParameters(request.query, request.body))
        await settle(await pbxEvents.record({ ...event, tenantId, tokenId }))
        return reply.code(200).header('cache-control', 'no-store').send()
      },
    })
}
