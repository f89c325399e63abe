import type { Row } from '../model/pbx.ts'
import type { Call, Passage, Side } from './call.ts'

const two = (value: number): string => String(value).padStart(2, '0')

/** `2026/03/04 09:15:02`, in UTC. */
function stamp(ms: number | null): string {
  return ms === null ? '' : new Date(ms).toISOString().slice(0, 19).replaceAll('-', '/').replace('T', ' ')
}

function clockText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
}

const numberText = (side: Side): string => (side.type === 'ExternalLine' ? side.number : `Ext.${side.number}`)

const KIND_TEXT: Partial<Record<Passage['kind'], string>> = { ExternalLine: 'Line', Parking: 'Parking' }
const kindText = (kind: Passage['kind']): string => KIND_TEXT[kind] ?? kind

function endReason(call: Call): string {
  if (call.answeredAt === null && call.endedBy === 'callee') return 'NoAnswer'
  return call.endedBy === 'callee' ? 'TerminatedByDst' : 'TerminatedBySrc'
}

function changeReason(call: Call): string {
  if (call.passages.some((passage) => passage.how === 'transfer')) return 'ReplacedDst'
  return call.passages.some((passage) => passage.how === 'polling') ? 'Polling' : ''
}

/** Every field of a CDR record by its name, in the usual order. Values are never quoted. */
export function cdrFields(call: Call): ReadonlyMap<string, string> {
  const offered = call.passages.filter((passage) => !passage.isPolling || passage.answeredAt !== null)
  const first = offered[0]
  const last = offered.findLast((passage) => passage.answeredAt !== null) ?? offered.at(-1)
  const missed = call.passages.filter((passage) => passage.isPolling && passage.answeredAt === null)
  const chain = [numberText(call.caller), ...offered.map((passage) => numberText(passage.at))]
  const isTalk = call.answeredAt !== null && call.endedAt !== null
  return new Map([
    ['historyid', `Call ${call.cdrNumber}`],
    ['callid', call.cdrId],
    ['duration', isTalk ? clockText((call.endedAt ?? 0) - (call.answeredAt ?? 0)) : ''],
    ['time-start', stamp(call.startedAt)],
    ['time-answered', stamp(call.answeredAt)],
    ['time-end', stamp(call.endedAt)],
    ['reason-terminated', endReason(call)],
    ['from-no', numberText(call.caller)],
    ['to-no', first ? numberText(first.at) : call.dialled],
    ['from-dn', call.caller.dn],
    ['to-dn', first?.at.dn ?? ''],
    ['dial-no', call.dialled],
    ['reason-changed', changeReason(call)],
    ['final-number', last ? numberText(last.at) : ''],
    ['final-dn', last?.at.dn ?? ''],
    ['bill-code', ''],
    ['bill-rate', ''],
    ['bill-cost', ''],
    ['bill-name', ''],
    ['chain', `Chain: ${chain.join(';')};`],
    ['from-type', kindText(call.caller.type)],
    ['to-type', first ? kindText(first.kind) : ''],
    ['final-type', last ? kindText(last.kind) : ''],
    ['from-dispname', call.caller.name],
    ['to-dispname', first?.at.name ?? ''],
    ['final-dispname', last?.at.name ?? ''],
    ['missed-queue-calls', missed.map((passage) => passage.at.number).join(';')],
  ])
}

export const CDR_FIELDS: readonly string[] = [
  'historyid',
  'callid',
  'duration',
  'time-start',
  'time-answered',
  'time-end',
  'reason-terminated',
  'from-no',
  'to-no',
  'from-dn',
  'to-dn',
  'dial-no',
  'reason-changed',
  'final-number',
  'final-dn',
  'bill-code',
  'bill-rate',
  'bill-cost',
  'bill-name',
  'chain',
  'from-type',
  'to-type',
  'final-type',
  'from-dispname',
  'to-dispname',
  'final-dispname',
  'missed-queue-calls',
]

/** One record as the CDR settings ask for it: chosen fields in their order, padded or cut where a length is set. */
export function cdrLine(call: Call, settings: Row): string {
  const values = cdrFields(call)
  const chosen = Array.isArray(settings.EnabledFields) ? (settings.EnabledFields as Row[]) : []
  const cells = chosen.map(({ Name, Length }) => {
    const value = (values.get(String(Name)) ?? '').replaceAll(/[\r\n]/g, ' ')
    const length = typeof Length === 'number' ? Length : 0
    return length > 0 ? value.padEnd(length).slice(0, length) : value
  })
  return cells.join(settings.RemoveCommaDelimiters === true ? '' : ',')
}
