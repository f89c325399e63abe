import { templateInUse } from '../entities/crm.ts'
import { agentOf, type Call } from '../calls/call.ts'
import type { Pbx, Row } from '../model/pbx.ts'
import { runTemplate, type TemplateResult } from './template.ts'

/** The CRM connection of a PBX at work: it asks for callers from outside and tells how calls ended. */
export type Crm = { close: () => Promise<void> }

const two = (value: number): string => String(value).padStart(2, '0')

function span(ms: number): string {
  const seconds = Math.round(ms / 1000)
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
}

const iso = (ms: number | null): string => (ms === null ? '' : new Date(ms).toISOString())

/** The variables with which a template reports an ended call. */
export function reportOf(
  pbx: Pbx,
  call: Call,
  found: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const agent: Row = pbx.store.numbered('Users', agentOf(call)) ?? {}
  const isInbound = call.direction === 'Inbound'
  const isAnswered = call.answeredAt !== null
  const duration = span(isAnswered ? (call.endedAt ?? 0) - (call.answeredAt ?? 0) : 0)
  const text = (value: unknown): string => (typeof value === 'string' ? value : '')
  return {
    CallType: isInbound ? (isAnswered ? 'Inbound' : 'Missed') : isAnswered ? 'Outbound' : 'Notanswered',
    CallDirection: isInbound ? 'Inbound' : 'Outbound',
    Number: isInbound ? call.caller.number : call.dialled,
    Name: [found.FirstName, found.LastName].filter(Boolean).join(' ') || call.caller.name,
    Agent: agentOf(call),
    AgentEmail: text(agent.EmailAddress),
    AgentFirstName: text(agent.FirstName),
    AgentLastName: text(agent.LastName),
    QueueExtension: call.passages.find((passage) => passage.kind === 'Queue')?.at.number ?? '',
    Duration: duration,
    DurationTimespan: duration,
    DateTime: iso(call.startedAt),
    CallStartTimeLocal: iso(call.startedAt),
    CallStartTimeUTC: iso(call.startedAt),
    CallEstablishedTimeLocal: iso(call.answeredAt),
    CallEstablishedTimeUTC: iso(call.answeredAt),
    CallEndTimeLocal: iso(call.endedAt),
    CallEndTimeUTC: iso(call.endedAt),
    EntityId: found.EntityId ?? '',
    EntityType: found.EntityType ?? '',
  }
}

/** Starts the CRM connection. It does nothing until a template is in use. */
export function startCrm(pbx: Pbx): Crm {
  const work = new Set<Promise<unknown>>()
  const lookups = new Map<number, Promise<TemplateResult>>()
  const begin = <T>(promise: Promise<T>): Promise<T> => {
    work.add(promise)
    void promise.finally(() => work.delete(promise))
    return promise
  }
  const isOn = (call: Call): boolean =>
    call.direction !== 'Internal' && pbx.store.single('CrmIntegration').EnabledForExternalCalls !== false
  const stopHearing = pbx.calls.onEvent(({ call }) => {
    const inUse = templateInUse(pbx)
    if (!inUse || !isOn(call) || call.direction !== 'Inbound' || lookups.has(call.controlId)) return
    const { xml, parameters } = inUse
    lookups.set(call.controlId, begin(runTemplate(xml, { number: call.caller.number }, { parameters })))
  })
  const stopEnding = pbx.calls.onEnd((call) => {
    const inUse = templateInUse(pbx)
    const lookup = lookups.get(call.controlId)
    lookups.delete(call.controlId)
    if (!inUse || !isOn(call)) return
    void begin(
      (async () => {
        const found = (await lookup)?.contacts[0] ?? {}
        return runTemplate(
          inUse.xml,
          { report: reportOf(pbx, call, found) },
          { parameters: inUse.parameters },
        )
      })(),
    )
  })
  return {
    close: async () => {
      stopHearing()
      stopEnding()
      await Promise.allSettled(work)
    },
  }
}
