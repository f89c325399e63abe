import type { Selectable } from 'kysely'
import { isTrue } from '../../contract/common.ts'
import type { CallStatus, RecordPatch } from '../../contract/pbx3cx-calls.ts'
import type { PhoneCall, PhoneCallPatch } from '../../contract/phone-calls.ts'
import { fromJson } from '../platform/database/json.ts'
import { invalid } from '../platform/errors.ts'
import type { CallsTable, RecordsTable } from './call-tables.ts'
import type { NoteRow } from './note-fields.ts'
import type { ReadRecord } from './record-fields.ts'
import { isoOrNull, isoTime } from './write.ts'

export type CallRow = Selectable<CallsTable>
export type RecordRow = Selectable<RecordsTable>
/** A call, what was told of it by hand, and the note that came with that. */
export type ToldCall = { call: CallRow; record: RecordRow | null; note: NoteRow | null }

/** The kind of note that a phone call's subject and body are. */
export const PHONE_CALL = 'phone_call'

/** What those clients call a status, letters only. */
const STATUSES: Record<string, CallStatus> = {
  completed: 'answered',
  answered: 'answered',
  missed: 'missed',
  noanswer: 'missed',
  notanswered: 'missed',
  unanswered: 'missed',
  voicemail: 'voicemail',
  abandoned: 'abandoned',
  cancelled: 'abandoned',
  canceled: 'abandoned',
  busy: 'busy',
  failed: 'failed',
}

/** The status of a write; undefined when it says nothing of it. 422 on `status`. */
function statusOf({ status, answered }: PhoneCallPatch): CallStatus | undefined {
  if (status !== undefined && status !== null) {
    const read = STATUSES[status.toLowerCase().replaceAll(/[^a-z]/g, '')]
    if (read === undefined)
      throw invalid({ status: ['Is completed, missed, voicemail, no_answer, abandoned, busy or failed.'] })
    return read
  }
  if (answered === undefined || answered === null) return undefined
  return isTrue(answered) ? 'answered' : 'missed'
}

/** What a write says of the call itself, in the words of a record. */
export function recordFields(given: PhoneCallPatch): RecordPatch {
  const { external_id, direction, number_from, number_to, started_at, ended_at } = given
  const status = statusOf(given)
  const fields = {
    external_id,
    direction: direction ?? undefined,
    caller_number: number_from,
    called_number: number_to,
    started_at: started_at ?? undefined,
    ended_at,
    status,
  }
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : null)

/** A call as it is answered. */
export function toPhoneCall({ call, record, note }: ToldCall): PhoneCall {
  const kept = record === null ? {} : (fromJson<Record<string, unknown> | null>(record.payload) ?? {})
  const ticket = Number(kept['ticket_id'])
  return {
    id: call.id,
    pbx3cx_host_id: call.host_id,
    user_id: note?.user_id ?? null,
    contact_id: call.contact_id,
    customer_id: call.customer_id,
    ticket_id: Number.isSafeInteger(ticket) && ticket > 0 ? ticket : null,
    direction: call.direction,
    status: call.status === 'answered' ? 'completed' : call.status,
    answered: call.status === 'answered',
    subject: note?.title ?? null,
    body: note?.body ?? null,
    note_id: note?.id ?? null,
    number_from: call.caller_number,
    number_to: call.called_number,
    recording_file: textOf(kept['recording_file']),
    started_at: isoTime(call.started_at),
    ended_at: isoOrNull(call.ended_at),
    created_at: isoTime(call.created_at),
    updated_at: isoTime(Math.max(call.updated_at, note?.updated_at ?? 0)),
  }
}

const FACTS = [
  ['direction', 'direction'],
  ['status', 'status'],
  ['number_from', 'caller_number'],
  ['number_to', 'called_number'],
  ['started_at', 'started_at'],
  ['ended_at', 'ended_at'],
] as const

/** 422 for facts of a call that its PBX tells otherwise. */
export function refuseOther(call: CallRow, given: ReadRecord): void {
  const wrong = FACTS.filter(([, column]) => (given[column] ?? call[column]) !== call[column])
  if (wrong.length > 0)
    throw invalid(Object.fromEntries(wrong.map(([name]) => [name, ['Its PBX tells this of the call.']])))
}
