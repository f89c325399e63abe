import type { Static } from 'typebox'
import { isTrue, type Truth } from '../../contract/common.ts'
import type { HostPatch } from '../../contract/pbx3cx-hosts.ts'
import { parseAddress, parseAddressList } from '../platform/address.ts'
import { toFlag, toJson, type Flag } from '../platform/database/json.ts'
import type { FieldCheck } from '../platform/field-check.ts'
import { readWrittenDate } from '../platform/written-dates.ts'

type MaybeTruth = Static<typeof Truth> | null | undefined
type MaybeWhole = number | string | null | undefined

/** What a host is without anybody saying so; a cleared field goes back to it. */
export const HOST_DEFAULTS = {
  active: 1,
  ssh_username: 'phonesystem',
  fetch_backups: 0,
  backups_frequency: 1440,
  fetch_cdr: 0,
  cdr_frequency: 1440,
  push_cdr: 0,
  fetch_recordings: 0,
  recordings_frequency: 1440,
  push_recordings: 0,
  make_csv_data: 0,
  cl_calls_is_sync: 1,
  cl_participants_is_sync: 1,
  tls_mode: 'verify',
  ssh_port: 22,
  tags: '[]',
  cdr_source: 'auto',
  watch_calls: 0,
} as const

/** Reads a whole number that may have come as text. */
export function readWhole(
  check: FieldCheck,
  field: string,
  value: MaybeWhole,
  most = Number.MAX_SAFE_INTEGER,
): number | null | undefined {
  if (value === undefined || value === null) return value
  const whole = Number(value)
  if (whole < 1 || whole > most) check.refuse(field, `Is a whole number from 1 to ${most}.`)
  return whole
}

const flagOr = (value: MaybeTruth, unless: Flag): Flag | undefined =>
  value === undefined ? undefined : value === null ? unless : toFlag(isTrue(value))

const orDefault = <Value>(value: Value | null | undefined, unless: Value): Value | undefined =>
  value === null ? unless : value

function readDate(check: FieldCheck, field: string, value: string | null | undefined) {
  if (value === undefined || value === null || value.trim() === '')
    return value === undefined ? undefined : null
  const date = readWrittenDate(value)
  if (date === null) check.refuse(field, 'Is no date: write 2026-05-31 or 31/05/2026.')
  return date
}

function readMap(check: FieldCheck, value: HostPatch['pbx_map']) {
  if (value === undefined || value === null || value === '') return value === undefined ? undefined : null
  if (typeof value !== 'string') return check.text('pbx_map', toJson(value))
  try {
    JSON.parse(value)
  } catch {
    check.refuse('pbx_map', 'Is no JSON.')
  }
  return check.text('pbx_map', value)
}

const splitList = (value: string | string[], by: RegExp) =>
  (typeof value === 'string' ? value.split(by) : value).map((one) => one.trim()).filter((one) => one !== '')

function readTags(check: FieldCheck, value: HostPatch['tags']) {
  if (value === undefined || value === null) return value === undefined ? undefined : HOST_DEFAULTS.tags
  const tags = [...new Set(splitList(value, /,/))]
  for (const tag of tags) check.text('tags', tag)
  return toJson(tags)
}

function readAddresses(check: FieldCheck, value: HostPatch['cdr_addresses']) {
  if (value === undefined || value === null) return value
  const addresses = splitList(value, /[\s,]+/)
  try {
    parseAddressList(addresses)
  } catch (error) {
    check.refuse('cdr_addresses', (error as Error).message)
  }
  return addresses.length === 0 ? null : toJson(addresses)
}

function readAddress(check: FieldCheck, value: string | null | undefined) {
  const address = check.text('ip_address', value)
  if (address && parseAddress(address) === null) check.refuse('ip_address', 'Is no IPv4 or IPv6 address.')
  return address
}

function readFingerprint(check: FieldCheck, value: string | null | undefined) {
  const written = check.text('tls_fingerprint', value)
  if (!written) return written
  const digits = written
    .replace(/^sha-?256[:=]/i, '')
    .replace(/[\s:]/g, '')
    .toLowerCase()
  if (!/^[0-9a-f]{64}$/.test(digits))
    check.refuse('tls_fingerprint', 'Is no SHA-256 fingerprint: 64 hexadecimal digits, colons allowed.')
  return digits
}

function readZone(check: FieldCheck, value: string | null | undefined) {
  const zone = check.text('time_zone', value)
  if (!zone) return zone
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions() && zone
  } catch {
    check.refuse('time_zone', 'Is no time zone: write an IANA name such as Europe/Paris.')
    return zone
  }
}

function readUrl(check: FieldCheck, value: string | null | undefined) {
  const link = check.link('xapi_url', value)
  const url = link ? URL.parse(link) : null
  if (link && url === null) check.refuse('xapi_url', 'Is no web address.')
  if (url && (url.username !== '' || url.password !== ''))
    check.refuse('xapi_url', 'Holds credentials: they belong in fields of their own.')
  return link
}

/** The columns that a write of these fields writes; undefined ones are not written. Secrets are not among them. */
export function toHostColumns(input: HostPatch, check: FieldCheck) {
  const text = (field: keyof HostPatch) => check.text(field, input[field] as string | null | undefined)
  const D = HOST_DEFAULTS
  return {
    host_name: check.required('host_name', input.host_name),
    customer_file_id: readWhole(check, 'customer_file_id', input.customer_file_id),
    active: flagOr(input.active, D.active),
    ip_address: readAddress(check, input.ip_address),
    web_username: text('web_username'),
    ssh_username: orDefault(text('ssh_username'), D.ssh_username),
    licence_type: text('licence_type'),
    licence_activation_date: readDate(check, 'licence_activation_date', input.licence_activation_date),
    licence_renewal_date: readDate(check, 'licence_renewal_date', input.licence_renewal_date),
    sbc_aliases: text('sbc_aliases'),
    backups_location: text('backups_location'),
    fetch_backups: flagOr(input.fetch_backups, D.fetch_backups),
    backups_frequency: orDefault(
      readWhole(check, 'backups_frequency', input.backups_frequency, 525_600),
      D.backups_frequency,
    ),
    fetch_cdr: flagOr(input.fetch_cdr, D.fetch_cdr),
    cdr_frequency: orDefault(
      readWhole(check, 'cdr_frequency', input.cdr_frequency, 525_600),
      D.cdr_frequency,
    ),
    push_cdr: flagOr(input.push_cdr, D.push_cdr),
    fetch_recordings: flagOr(input.fetch_recordings, D.fetch_recordings),
    recordings_frequency: orDefault(
      readWhole(check, 'recordings_frequency', input.recordings_frequency, 525_600),
      D.recordings_frequency,
    ),
    push_recordings: flagOr(input.push_recordings, D.push_recordings),
    make_csv_data: flagOr(input.make_csv_data, D.make_csv_data),
    cl_calls_is_sync: flagOr(input.cl_calls_is_sync, D.cl_calls_is_sync),
    cl_participants_is_sync: flagOr(input.cl_participants_is_sync, D.cl_participants_is_sync),
    pbx_map: readMap(check, input.pbx_map),
    comment: text('comment'),
    xapi_url: readUrl(check, input.xapi_url),
    xapi_client_id: text('xapi_client_id'),
    tls_mode: orDefault(input.tls_mode, D.tls_mode),
    tls_fingerprint: readFingerprint(check, input.tls_fingerprint),
    ssh_port: orDefault(readWhole(check, 'ssh_port', input.ssh_port, 65_535), D.ssh_port),
    time_zone: readZone(check, input.time_zone),
    profile_id: readWhole(check, 'profile_id', input.profile_id),
    tags: readTags(check, input.tags),
    cdr_source: orDefault(input.cdr_source, D.cdr_source),
    cdr_addresses: readAddresses(check, input.cdr_addresses),
    cdr_port: readWhole(check, 'cdr_port', input.cdr_port, 65_535),
    watch_calls: flagOr(input.watch_calls, D.watch_calls),
    open_destinations:
      input.open_destinations &&
      toJson([...new Set(input.open_destinations.map((code) => code.replace('+', '')))]),
  }
}
