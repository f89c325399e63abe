import type { Selectable } from 'kysely'
import type { Capability, HostTest } from '../../contract/pbx3cx-hosts.ts'
import { recordAudit, type Actor } from '../platform/audit.ts'
import type { Committed } from '../platform/committed.ts'
import { toJson } from '../platform/database/json.ts'
import { openHttpClient } from '../platform/http-client.ts'
import type { Keyring } from '../platform/keyring.ts'
import { parseAllowPrivate } from '../platform/outbound-rules.ts'
import type { TlsTrust } from '../platform/tls-trust.ts'
import { allowedFor, placeOf, webAddressOf, type Outbound } from './host-place.ts'
import { openSecrets } from './host-secrets.ts'
import { lockHost, readHost } from './hosts.ts'
import { probeDns, probeHttp, probeSsh, probeTls, probeToken, unable, untested } from './probes.ts'
import type { PbxHostsTable } from './tables.ts'
import { isoTime, stampAfter, write, type FleetDeps, type FleetStore, type Reach } from './write.ts'

type Row = Selectable<PbxHostsTable>

/** What this test does not look at, in words. */
const NOT_COVERED = [
  'Which resources of its API the PBX opens to the client: the role and the licence decide, and only asking each of them tells.',
  'Logging in over SSH: the test reads the greeting and says nothing.',
  'Whether call records arrive from the host.',
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
  keyring: Keyring,
  outbound: Outbound,
): TestHost {
  const probe = async (row: Row): Promise<Record<string, Capability>> => {
    const base = webAddressOf(row)
    if (base === null) {
      const nameless = unable(`"${row.host_name}" is no name of a host, and xapi_url is not given.`)
      const skipped = untested('There is no address to reach.')
      return { dns: nameless, tls: skipped, http: skipped, token: skipped, ssh: skipped }
    }
    const web = placeOf(base)
    const ssh = { name: row.ip_address ?? web.name, port: row.ssh_port }
    const allowPrivate = allowedFor(row, outbound, [web, ssh])
    const allowed = parseAllowPrivate(allowPrivate)
    const trust = trustOf(row)
    await using http = openHttpClient({ allowPrivate, userAgent: outbound.userAgent, trust })

    const token = async (): Promise<Capability> => {
      if (row.xapi_client_id === null) return untested('No xapi_client_id is given.')
      if (row.xapi_client_secret === null) return unable('No xapi_client_secret is stored.')
      const { xapi_client_secret } = await openSecrets(keyring, row, ['xapi_client_secret'])
      return probeToken(http, base, { id: row.xapi_client_id, secret: xapi_client_secret ?? '' })
    }
    const [dns, tls, answer, given, greeting] = await Promise.all([
      probeDns(web.name),
      base.protocol === 'https:'
        ? probeTls(web, trust, allowed)
        : untested('xapi_url is http: nothing is encrypted.'),
      probeHttp(http, base),
      token(),
      probeSsh(ssh, allowed),
    ])
    return { dns, tls, http: answer, token: given, ssh: greeting }
  }

  return async (actor, reach, id) => {
    const row = await readHost(store, reach, id)
    const results: Record<string, Capability> = {
      ...(await probe(row)),
      resources: untested('This test does not ask for the resources of the PBX.'),
    }
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
