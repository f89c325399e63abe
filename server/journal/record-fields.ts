import { createHash } from 'node:crypto'
import type { RecordPatch } from '../../contract/pbx3cx-calls.ts'
import type { ReadNumber } from '../directory/directory.ts'
import type { FieldCheck } from '../platform/field-check.ts'
import { readWrittenInstant } from '../platform/written-dates.ts'
import type { ToldOfCall } from './call-tables.ts'
import { numberKey } from './caller-number.ts'

/** What a record is made of once its fields are read; what was absent is undefined. */
export type ReadRecord = {
  [Name in keyof ToldOfCall]?: ToldOfCall[Name] | undefined
} & { external_id?: string | null; call_history_id?: string | null; source?: string | undefined }

type Reading = {
  check: FieldCheck
  /** The zone that instants without an offset are meant in. */
  zone: string
  /** What a number is, by the tenant's rules. */
  read(text: string): ReadNumber
}

const TEXTS = [
  'caller_number',
  'caller_name',
  'called_number',
  'queue',
  'agent_extension',
  'agent_name',
] as const
const INSTANTS = ['started_at', 'answered_at', 'ended_at'] as const
const DURATIONS = ['ring_ms', 'wait_ms', 'talk_ms'] as const

const keyOf = (text: string | null | undefined, read: Reading['read']): string | null | undefined =>
  text === null || text === undefined ? text : numberKey(read(text))

/** Reads the fields of a write; what is wrong is noted in `check`. */
export function readRecord(input: RecordPatch, { check, zone, read }: Reading): ReadRecord {
  const record: ReadRecord = {}
  for (const name of TEXTS)
    if (input[name] !== undefined) record[name] = check.text(name, input[name]) ?? null
  for (const name of INSTANTS) {
    const written = input[name]
    if (written === undefined) continue
    const instant = written === null || written.trim() === '' ? null : readWrittenInstant(written, zone)
    if (instant === null && written !== null && written.trim() !== '')
      check.refuse(name, 'Is no instant: write it as in 2026-05-31T14:05:00Z.')
    // A start is never cleared; without one the record would be nowhere.
    if (name === 'started_at') record.started_at = instant ?? undefined
    else record[name] = instant
  }
  for (const name of DURATIONS) {
    const written = input[name]
    if (written !== undefined) record[name] = written === null ? null : Number(written)
  }
  if (input.direction !== undefined) record.direction = input.direction
  if (input.status) record.status = input.status
  if (input.source) record.source = input.source
  for (const name of ['external_id', 'call_history_id'] as const)
    if (input[name] !== undefined) record[name] = check.text(name, input[name]) ?? null
  record.caller_key = keyOf(record.caller_number, read)
  record.called_key = keyOf(record.called_number, read)
  return record
}

/** Looks at the order of a record's instants. */
export function checkInstants(
  { started_at, answered_at, ended_at }: Pick<ToldOfCall, (typeof INSTANTS)[number]>,
  check: FieldCheck,
): void {
  if (answered_at !== null && answered_at < started_at) check.refuse('answered_at', 'Lies before the start.')
  if (ended_at !== null && ended_at < (answered_at ?? started_at))
    check.refuse('ended_at', 'Lies before the start or the answer.')
}

/** What makes a record the same when it comes again: its id at the source, else a digest of what it tells. */
export function naturalKey(
  record: Pick<
    ToldOfCall,
    'started_at' | 'ended_at' | 'talk_ms' | 'caller_number' | 'called_number' | 'agent_extension'
  > & {
    external_id: string | null
  },
): string {
  const { external_id, started_at, ended_at, talk_ms, caller_number, called_number, agent_extension } = record
  if (external_id !== null) return `id:${external_id}`
  const duration = ended_at === null ? talk_ms : ended_at - started_at
  const told = JSON.stringify([started_at, caller_number, called_number, agent_extension, duration])
  return `sha256:${createHash('sha256').update(told).digest('base64url')}`
}

/** What records of one call have in common; a record without it is a call of its own. */
export const callKey = (historyId: string | null, naturalKeyOfIt: string): string =>
  historyId === null ? `record:${naturalKeyOfIt}` : `history:${historyId}`
