import type { Selectable } from 'kysely'
import type { RecordInput } from '../../contract/pbx3cx-calls.ts'
import type { HostFacts } from '../fleet/fleet.ts'
import { toJson } from '../platform/database/json.ts'
import { invalid } from '../platform/errors.ts'
import { openFieldCheck } from '../platform/field-check.ts'
import type { CallReach } from './call-filters.ts'
import type { RecordsTable } from './call-tables.ts'
import type { CallDeps } from './call-write.ts'
import { callKey, checkInstants, naturalKey, readRecord } from './record-fields.ts'

type Row = Selectable<RecordsTable>
/** A record that is about to be stored. */
export type NewRow = ReturnType<typeof newRow> & { token_id: number | null }

const noHost = (id: number) => invalid({ pbx3cx_host_id: [`There is no PBX host ${id}.`] })

/** The host that a write names. 422 on `pbx3cx_host_id`. */
export async function hostOf(deps: CallDeps, reach: CallReach, id: number | string): Promise<HostFacts> {
  const host = await deps.host(reach, Number(id))
  if (host === null) throw noHost(Number(id))
  return host
}

/** A record as its row is to be; 422 by field. */
export function newRow(deps: CallDeps, tenantId: number, host: HostFacts, input: RecordInput) {
  const check = openFieldCheck()
  const read = (text: string) => deps.lookup.explain(tenantId, text).read
  const { started_at, status, source, ...given } = readRecord(input, { check, zone: host.timeZone, read })
  if (started_at === undefined && (given.external_id ?? null) === null)
    check.refuse('started_at', 'Is needed where there is no external_id.')
  const now = deps.clock.now()
  const row = {
    direction: null,
    answered_at: null,
    ended_at: null,
    ring_ms: null,
    wait_ms: null,
    talk_ms: null,
    caller_number: null,
    caller_name: null,
    called_number: null,
    queue: null,
    agent_extension: null,
    agent_name: null,
    caller_key: null,
    called_key: null,
    external_id: null,
    call_history_id: null,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  } as Pick<Row, Exclude<keyof typeof given, undefined>> & Pick<Row, 'external_id' | 'call_history_id'>
  const told = {
    ...row,
    started_at: started_at ?? now,
    status: status ?? (row.answered_at === null ? ('missed' as const) : ('answered' as const)),
  }
  checkInstants(told, check)
  const { pbx3cx_host_id: _, ...payload } = input
  const text = check.text('payload', toJson(payload)) ?? '{}'
  check.done()
  const natural_key = naturalKey(told)
  return {
    ...told,
    tenant_id: tenantId,
    host_id: host.id,
    natural_key,
    call_key: callKey(told.call_history_id, natural_key),
    source: source ?? 'manual',
    payload: text,
    created_at: now,
    updated_at: now,
  }
}
