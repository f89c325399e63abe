import type { Selectable } from 'kysely'
import type { Capabilities, Host } from '../../contract/pbx3cx-hosts.ts'
import { fromJson } from '../platform/database/json.ts'
import { maskOf } from './host-secrets.ts'
import type { PbxHostsTable } from './tables.ts'
import { isoOrNull, isoTime } from './write.ts'

const listOf = (text: string | null): string[] | null => (text === null ? null : fromJson<string[]>(text))

/** A host as every answer and the audit trail show it: secrets are masks. */
export function toHost(row: Selectable<PbxHostsTable>): Host {
  return {
    id: row.id,
    customer_file_id: row.customer_file_id,
    host_name: row.host_name,
    code: row.code,
    active: row.active === 1,
    ip_address: row.ip_address,
    web_username: row.web_username,
    web_password: maskOf(row, 'web_password'),
    ssh_username: row.ssh_username,
    ssh_password: maskOf(row, 'ssh_password'),
    ssh_key: maskOf(row, 'ssh_key'),
    licence_key: maskOf(row, 'licence_key'),
    licence_type: row.licence_type,
    licence_activation_date: row.licence_activation_date,
    licence_renewal_date: row.licence_renewal_date,
    sbc_aliases: row.sbc_aliases,
    backups_location: row.backups_location,
    fetch_backups: row.fetch_backups === 1,
    backups_frequency: row.backups_frequency,
    fetch_cdr: row.fetch_cdr === 1,
    cdr_frequency: row.cdr_frequency,
    push_cdr: row.push_cdr === 1,
    fetch_recordings: row.fetch_recordings === 1,
    recordings_frequency: row.recordings_frequency,
    push_recordings: row.push_recordings === 1,
    fetch_snapshots: row.fetch_snapshots === 1,
    snapshots_frequency: row.snapshots_frequency,
    make_csv_data: row.make_csv_data === 1,
    cl_calls_is_sync: row.cl_calls_is_sync === 1,
    cl_participants_is_sync: row.cl_participants_is_sync === 1,
    pbx_map: row.pbx_map,
    pbx_map_built_at: isoOrNull(row.pbx_map_built_at),
    comment: row.comment,
    xapi_url: row.xapi_url,
    xapi_client_id: row.xapi_client_id,
    xapi_client_secret: maskOf(row, 'xapi_client_secret'),
    tls_mode: row.tls_mode as Host['tls_mode'],
    tls_fingerprint: row.tls_fingerprint,
    ssh_port: row.ssh_port,
    time_zone: row.time_zone,
    profile_id: row.profile_id,
    tags: fromJson<string[]>(row.tags),
    cdr_source: row.cdr_source as Host['cdr_source'],
    cdr_addresses: listOf(row.cdr_addresses),
    cdr_port: row.cdr_port,
    watch_calls: row.watch_calls === 1,
    open_destinations: listOf(row.open_destinations),
    capabilities: row.capabilities === null ? null : fromJson<Capabilities>(row.capabilities),
    last_seen_at: isoOrNull(row.last_seen_at),
    created_at: isoTime(row.created_at),
    updated_at: isoTime(row.updated_at),
  }
}
