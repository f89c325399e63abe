import { isXapiError } from '../errors.ts'
import type { CallOptions } from '../operations/caller.ts'
import { readAnswer } from '../operations/read-answer.ts'
import type { Secrets } from '../secrets.ts'
import type { Session } from '../session.ts'
import { isParticipant, readState, type MonitoredDn, type Participant } from './participant.ts'

/** What a leg can be told to do. */
export type LegAction =
  | 'drop'
  | 'answer'
  | 'divert'
  | 'routeto'
  | 'transferto'
  | 'attach_participant_data'
  | 'attach_party_data'

export type ActionInput = {
  destination?: string
  reason?: string
  /** In seconds. */
  timeout?: number
  attacheddata?: Readonly<Record<string, unknown>>
}

/** What became of an order. PBXs tell success as a number or as a word. */
export type ActionResult = {
  ok: boolean
  status: string
  reason: string | null
  participant: Participant | null
}

export type CallControlRest = {
  /** Every monitored number. Throws `permission` without the right to control calls. */
  state(options?: CallOptions): Promise<MonitoredDn[]>
  /** One number; null when it is not monitored. */
  dn(dn: string, options?: CallOptions): Promise<MonitoredDn | null>
  /** One leg; null when it is gone. */
  participant(dn: string, legId: number, options?: CallOptions): Promise<Participant | null>
  /** Calls `destination` from a number, or from one of its devices. */
  makeCall(dn: string, call: ActionInput & { device?: string }, options?: CallOptions): Promise<ActionResult>
  act(
    dn: string,
    legId: number,
    action: LegAction,
    input?: ActionInput,
    options?: CallOptions,
  ): Promise<ActionResult>
}

export function openCallControlRest(session: Session, secrets: Secrets): CallControlRest {
  async function send(
    method: string,
    path: readonly (string | number)[],
    body: object | null,
    options?: CallOptions,
  ) {
    const operation = `${method} /callcontrol`
    const answer = await session.send({
      method,
      path: ['/callcontrol', ...path.map((part) => encodeURIComponent(part))].join('/'),
      headers: {
        accept: 'application/json',
        ...(body === null ? {} : { 'content-type': 'application/json' }),
      },
      body: body === null ? null : JSON.stringify(body),
      operation,
      signal: options?.signal ?? null,
    })
    return readAnswer(answer, operation, secrets)
  }

  return {
    state: async (options) => readState(await send('GET', [], null, options)),
    dn: (dn, options) => orNull(async () => readState(await send('GET', [dn], null, options))[0] ?? null),
    participant: (dn, legId, options) =>
      orNull(async () => {
        const leg = await send('GET', [dn, 'participants', legId], null, options)
        return isParticipant(leg) ? leg : null
      }),
    async makeCall(dn, { device, ...call }, options) {
      const place = device === undefined ? [dn] : [dn, 'devices', device]
      return readResult(await send('POST', [...place, 'makecall'], call, options))
    },
    act: async (dn, legId, action, input = {}, options) =>
      readResult(await send('POST', [dn, 'participants', legId, action], input, options)),
  }
}

async function orNull<T>(read: () => Promise<T>): Promise<T | null> {
  try {
    return await read()
  } catch (error) {
    if (isXapiError(error, 'not_found')) return null
    throw error
  }
}

function readResult(answer: unknown): ActionResult {
  const { finalstatus, reason, reasontext, result } = (answer ?? {}) as Record<string, unknown>
  const status = typeof finalstatus === 'string' || typeof finalstatus === 'number' ? String(finalstatus) : ''
  const words = [reasontext, reason].find((text) => typeof text === 'string' && text !== '')
  return {
    ok: answer === null || status === '1' || /^success$/i.test(status),
    status,
    reason: typeof words === 'string' ? words : null,
    participant: isParticipant(result) ? result : null,
  }
}
