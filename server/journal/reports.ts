import { createHash } from 'node:crypto'
import type { RecordInput } from '../../contract/pbx3cx-calls.ts'
import type { Actor } from '../platform/audit.ts'
import type { Committed } from '../platform/committed.ts'
import { toJson } from '../platform/database/json.ts'
import { invalid } from '../platform/errors.ts'
import { storable } from '../platform/storable.ts'
import { readWrittenInstant } from '../platform/written-dates.ts'
import type { CallReach } from './call-filters.ts'
import type { CallDeps, CallStore } from './call-write.ts'
import { hostOf, newRow } from './new-record.ts'
import { storeOne } from './store-records.ts'
import { callOfReport, lockReports } from './report-calls.ts'
import { REPORTED } from './stitching.ts'

/** A call as a PBX tells of it when it has ended, without an id of its own. Texts as they came. */
export type CallReport = {
  hostId: number
  /** `inbound` and `outbound` with whether somebody answered: one call is reported once for each agent and kind. */
  direction: 'inbound' | 'outbound'
  answered: boolean
  number: string | null
  name: string | null
  agent: string | null
  agentName: string | null
  queue: string | null
  /** How long they talked, ms. */
  talkMs: number
  /** In UTC where the PBX told it, else by the wall clock of the host. */
  startedUtc: string | null
  startedLocal: string | null
  endedUtc: string | null
  /** Everything that was sent, but the token. */
  payload: Record<string, string>
}

/** What PBXs report of ended calls through their CRM template. */
export type Reports = {
  /**
   * Durable when it resolves, and stored once however often it comes. It becomes part of the call that others tell of
   * when there is one, now or later. 422 for a host out of reach or a start that cannot be read.
   */
  take(actor: Actor, reach: CallReach, report: CallReport): Promise<Committed<{ call_id: number }>>
}

const digest = (kind: string, parts: unknown[]) =>
  `${kind}:${createHash('sha256').update(JSON.stringify(parts)).digest('base64url')}`
const iso = (at: number) => new Date(at).toISOString()

function instantsOf(report: CallReport, zone: string) {
  const read = (text: string | null, of: string) => (text === null ? null : readWrittenInstant(text, of))
  const started = read(report.startedUtc, 'UTC') ?? read(report.startedLocal, zone)
  if (started === null) throw invalid({ started_at: ['Cannot be read: write it as in 2026-05-31 14:05:00.'] })
  const talk = report.answered ? report.talkMs : 0
  const ended = Math.max(started + talk, read(report.endedUtc, 'UTC') ?? 0)
  return { started, ended, answered: report.answered ? ended - talk : null }
}

export function openReports(store: CallStore, deps: CallDeps): Reports {
  return {
    async take(actor, reach, report) {
      const host = await hostOf(deps, reach, report.hostId)
      const { started, ended, answered } = instantsOf(report, host.timeZone)
      const isInbound = report.direction === 'inbound'
      const input: RecordInput = {
        pbx3cx_host_id: host.id,
        source: REPORTED,
        direction: report.direction,
        started_at: iso(started),
        answered_at: answered === null ? null : iso(answered),
        ended_at: iso(ended),
        status: report.answered ? 'answered' : 'missed',
        [isInbound ? 'caller_number' : 'called_number']: report.number,
        caller_name: isInbound ? report.name : null,
        queue: report.queue,
        agent_extension: report.agent,
        agent_name: report.agentName,
      }
      const payload = Object.entries(report.payload).map(([name, text]) => [storable(name), storable(text)])
      const row = newRow(deps, reach.tenantId, host, input)
      const outside = row.caller_key ?? row.called_key
      const { direction, answered: isAnswered, agent, talkMs } = report
      const natural_key = digest('report', [started, outside, agent, talkMs, direction, isAnswered])
      // Agents of one call report it each: the same number at the same second is the same call.
      const together = outside === null ? natural_key : digest('reported', [started, outside, direction])
      return store.transact(async (tx) => {
        await lockReports(tx, host.id)
        const call_key = (await callOfReport(tx, host.id, row)) ?? together
        const stored = await storeOne(tx, deps, host, {
          ...row,
          payload: toJson(Object.fromEntries(payload)),
          natural_key,
          call_key,
          token_id: actor.id,
        })
        return { call_id: stored.call_id }
      })
    },
  }
}
