import { HOST_SECRETS, type Host, type RevealInput, type Revealed } from '../../contract/pbx3cx-hosts.ts'
import { recordAudit, type Actor } from '../platform/audit.ts'
import { isOneOf } from '../platform/database/engine.ts'
import { openFieldCheck } from '../platform/field-check.ts'
import type { Keyring } from '../platform/keyring.ts'
import { openSecrets } from './host-secrets.ts'
import { readHost } from './hosts.ts'
import { write, type FleetStore, type Reach } from './write.ts'

/** The two ways a stored secret of a host is shown. */
export type Reveal = {
  /** Secrets in clear, once the audit trail says who saw which and why. HubError `not_found`, `secret_*`. */
  once(actor: Actor, reach: Reach, id: number, input: RevealInput): Promise<Revealed>
  /** The hosts with their secrets in place of the masks: for a token that has the legacy switch. */
  inClear(tenantId: number, hosts: Host[]): Promise<Host[]>
}

export function openReveal(store: FleetStore, keyring: Keyring): Reveal {
  return {
    async once(actor, reach, id, { fields = [...HOST_SECRETS], reason: written }) {
      const check = openFieldCheck()
      const reason = check.required('reason', written)
      check.done()
      const row = await readHost(store, reach, id)
      const revealed = await openSecrets(keyring, row, fields)
      await write(store, (tx) =>
        recordAudit(tx, actor, {
          action: 'reveal',
          entity: 'pbx_host',
          entityId: id,
          after: { fields, reason },
        }),
      )
      return revealed
    },
    async inClear(tenantId, hosts) {
      const ids = hosts.map((host) => host.id)
      const rows = await store.read
        .selectFrom('pbx_hosts')
        .selectAll()
        .where('tenant_id', '=', tenantId)
        .where(isOneOf(store.engine, 'id', ids, 'bigint'))
        .execute()
      const byId = new Map(rows.map((row) => [row.id, row]))
      const clear: Host[] = []
      for (const host of hosts) {
        const row = byId.get(host.id)
        clear.push(row ? { ...host, ...(await openSecrets(keyring, row, HOST_SECRETS)) } : host)
      }
      return clear
    },
  }
}
