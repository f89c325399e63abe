import type { Selectable } from 'kysely'
import type { Capability, HostTest } from '../../contract/pbx3cx-hosts.ts'
import type { XapiClient } from '../../xapi/xapi.ts'
import { recordAudit, type Actor } from '../platform/audit.ts'
import type { Committed } from '../platform/committed.ts'
import { toJson } from '../platform/database/json.ts'
import { withoutReceipt } from '../platform/current-receipt.ts'
import { HubError } from '../platform/errors.ts'
import { openHttpClient } from '../platform/http-client.ts'
import { parseAllowPrivate } from '../platform/outbound-rules.ts'
import type { TlsTrust } from '../platform/tls-trust.ts'
import { allowedFor, placeOf, webAddressOf, type Outbound } from './host-place.ts'
import { lockHost, readHost } from './hosts.ts'
import type { Maps } from './maps.ts'
import { able, probeDns, probeHttp, probeSsh, probeTls, unable, untested } from './probes.ts'
import { probeResources, RESOURCES, whyNot } from './resource-probes.ts'
import type { PbxHostsTable } from './tables.ts'
import { isoTime, stampAfter, write, type FleetDeps, type FleetStore, type Reach } from './write.ts'
import { unlessLate } from './xapi-deadline.ts'
import type { XapiSessions } from './xapi-sessions.ts'

type Row = Selectable<PbxHostsTable>

/** How long the PBX may take to give a token, and to tell what its map is made of. */
const TOKEN_MS = 10_000
const MAP_MS = 10_000

/** What this test does not look at, in words. */
const NOT_COVERED = [
  'Logging in over SSH: the test reads the greeting and says nothing.',
  'Whether call records arrive from the host: GET …/call-log tells how its log is read.',
]

function trustOf({ tls_mode, tls_fingerprint }: Row): TlsTrust {
  if (tls_mode === 'pinned') return { mode: 'pinned', fingerprint: tls_fingerprint ?? '' }
  return { mode: tls_mode === 'skip' ? 'skip' : 'verify' }
}

/** Reaches a host in every way the hub uses, and keeps what it found. */
export type TestHost = (actor: Actor, reach: Reach, id: number) => Promise<Committed<HostTest>>

export function openHostTest(
  store: FleetStore,
  { clock }: FleetDeps,
  { outbound, sessions, maps }: { outbound: Outbound; sessions: XapiSessions; maps: Maps },
): TestHost {
  const probeWays = async (row: Row): Promise<Record<string, Capability>> => {
    const base = webAddressOf(row)
    if (base === null) {
      const nameless = unable(`"${row.host_name}" is no name of a host, and xapi_url is not given.`)
      const skipped = untested('There is no address to reach.')
      return { dns: nameless, tls: skipped, http: skipped, ssh: skipped }
    }
    const web = placeOf(base)
    const ssh = { name: row.ip_address ?? web.name, port: row.ssh_port }
    const allowPrivate = allowedFor(row, outbound, [web, ssh])
    const allowed = parseAllowPrivate(allowPrivate)
    const trust = trustOf(row)
    await using http = openHttpClient({ allowPrivate, userAgent: outbound.userAgent, trust })
    const [dns, tls, answer, greeting] = await Promise.all([
      probeDns(web.name),
      base.protocol === 'https:'
        ? probeTls(web, trust, allowed)
        : untested('xapi_url is http: nothing is encrypted.'),
      probeHttp(http, base),
      probeSsh(ssh, allowed),
    ])
    return { dns, tls, http: answer, ssh: greeting }
  }

  const map = async (actor: Actor, row: Row, pbx: XapiClient, users: Capability | undefined) => {
    if (users?.able !== true) return untested('It is made of the extensions.')
    try {
      // The answer to this request is what the test found.
      const built = await withoutReceipt(() => maps.buildWith(actor, row, pbx, MAP_MS))
      if (built === null) return untested('It was given by hand and stays; clear pbx_map to have it built.')
      return able(`${built.extensions} extensions, ${built.queues} queues, ${built.ivrs} IVRs`)
    } catch (error) {
      return unable(error instanceof HubError ? error.message : 'It could not be built.')
    }
  }

  const probeApi = async (actor: Actor, row: Row): Promise<Record<string, Capability>> => {
    const without = (token: Capability) => ({
      token,
      ...Object.fromEntries([...RESOURCES, 'pbx_map'].map((name) => [name, untested('There is no token.')])),
    })
    if (webAddressOf(row) === null) return without(untested('There is no address to reach.'))
    if (row.xapi_client_id === null) return without(untested('No xapi_client_id is given.'))
    if (row.xapi_client_secret === null) return without(unable('No xapi_client_secret is stored.'))
    let pbx: XapiClient
    try {
      pbx = await sessions.openWith(row)
      await unlessLate(pbx.signIn(), AbortSignal.timeout(TOKEN_MS))
    } catch (error) {
      return without(error instanceof HubError ? unable(error.message) : whyNot('token', error))
    }
    const { token, resources } = await withoutReceipt(() => probeResources(pbx))
    const pbx_map = await map(actor, row, pbx, resources['users'])
    return { token, ...resources, pbx_map }
  }

  return async (actor, reach, id) => {
    const row = await readHost(store, reach, id)
    const [{ ssh, ...ways }, api] = await Promise.all([probeWays(row), probeApi(actor, row)])
    const results: Record<string, Capability> = { ...ways, ...api, ...(ssh ? { ssh } : {}) }
    const hasAnswered = [results['http'], results['ssh']].some((one) => one?.able === true)
    return write(store, async (tx) => {
      const locked = await lockHost(tx, actor.tenantId, id)
      const now = clock.now()
      const tested_at = isoTime(now)
      await tx.db
        .updateTable('pbx_hosts')
        .set({
          capabilities: toJson({ tested_at, results }),
          last_seen_at: hasAnswered ? now : locked.last_seen_at,
          updated_at: stampAfter(locked, clock),
        })
        .where('tenant_id', '=', actor.tenantId)
        .where('id', '=', id)
        .execute()
      await recordAudit(tx, actor, { action: 'test', entity: 'pbx_host', entityId: id, after: { results } })
      tx.changed(actor.tenantId, 'pbx_host', id)
      return { id, tested_at, results, not_covered: NOT_COVERED }
    })
  }
}
