import { lookup as resolveName } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import type { Selectable } from 'kysely'
import {
  isXapiError,
  memoryTokenStore,
  openXapi,
  type CacheStore,
  type TlsPolicy,
  type TokenStore,
  type XapiClient,
} from '../../xapi/xapi.ts'
import { HubError } from '../platform/errors.ts'
import { guardedLookup, refused } from '../platform/guarded-lookup.ts'
import type { Keyring } from '../platform/keyring.ts'
import type { Log } from '../platform/log.ts'
import { mayReach, parseAllowPrivate, type AllowPrivate } from '../platform/outbound-rules.ts'
import { allowedFor, placeOf, webAddressOf, type Outbound } from './host-place.ts'
import { openSecrets } from './host-secrets.ts'
import { readHost } from './hosts.ts'
import type { PbxHostsTable } from './tables.ts'
import type { FleetStore, Reach } from './write.ts'
import { openTokenStore } from './xapi-tokens.ts'

type Row = Selectable<PbxHostsTable>

/** Clients of the PBXs, one per host, shared by everybody in this process. Whoever got one does not close it. */
export type XapiSessions = {
  /**
   * The client of a host within reach, made anew when the host's settings have changed. Nothing is sent yet. Ask for it
   * with every use instead of keeping it. HubError `not_found`, `pbx_inactive`, `pbx_not_configured`, `pbx_address_refused`,
   * `secret_*`; its own errors are `XapiError`s, which `asPbxError` puts into the hub's words.
   */
  open(reach: Reach, hostId: number): Promise<XapiClient>
  /** As `open`, of a host that was read just now, switched off or not. */
  openWith(row: Row): Promise<XapiClient>
  close(): Promise<void>
}

export type XapiSessionsOptions = {
  store: FleetStore
  keyring: Keyring
  outbound: Outbound
  cache: CacheStore
  log: Log
}

type Settings = {
  tenantId: number
  url: string
  clientId: string
  clientSecret: string
  tls: TlsPolicy
  allowPrivate: readonly string[]
}
type Kept = { client: XapiClient; settings: string }
type Retired = { client: XapiClient; since: number }

const SWEEP_MS = 30_000
/** A client that did nothing for this long is closed. */
const IDLE_MS = 15 * 60_000
/** In bytes. Reading JSON holds this thread up, and lookups with it: what is longer comes in pages or as a file. */
const LONGEST_ANSWER = 16 << 20
/** How long what is under way with former settings may go on. */
const GRACE_MS = 2 * 60_000

export function openXapiSessions(options: XapiSessionsOptions): XapiSessions {
  const { store, keyring, outbound, cache, log } = options
  const kept = new Map<number, Kept>()
  const retired = new Set<Retired>()
  const tokens = openTokenStore(store, keyring)
  const alone = memoryTokenStore()

  const tokensFor = ({ tenantId, clientSecret }: Settings): TokenStore => {
    const state = keyring.state()
    if (state === 'available') return tokens({ tenantId, secret: clientSecret })
    log.warn('tokens of PBXs are not shared with other hubs: there is no key to seal them with', {
      secrets: state,
    })
    return alone
  }

  const retire = (hostId: number) => {
    const one = kept.get(hostId)
    if (!one) return
    kept.delete(hostId)
    retired.add({ client: one.client, since: Date.now() })
  }

  const openClient = (hostId: number, settings: Settings): XapiClient => {
    const { url, clientId, clientSecret, tls } = settings
    const allowed = parseAllowPrivate(settings.allowPrivate)
    const place = placeOf(new URL(url))
    // An address in the URL itself is never looked up, so it is judged here. Redirects are never followed.
    if (isIP(place.name) !== 0 && !mayReach(allowed, { ...place, address: place.name })) {
      throw new HubError('pbx_address_refused', refused(new URL(url).host).message)
    }
    return openXapi({
      url,
      clientId,
      clientSecret,
      tls,
      tokens: tokensFor(settings),
      cache,
      longestAnswer: LONGEST_ANSWER,
      lookup: lookupFor(allowed, place.port),
      onDrift: ({ from, to }) =>
        log.info('the API of a PBX has changed', {
          pbx_host: hostId,
          from: from.version,
          to: to.version,
        }),
    })
  }

  const openOrRefuse = (row: Row, settings: Settings): XapiClient => {
    try {
      return openClient(row.id, settings)
    } catch (error) {
      throw isXapiError(error, 'validation') ? notConfigured(row, 'an address that can be used') : error
    }
  }

  const openWith = async (row: Row): Promise<XapiClient> => {
    const settings = await settingsOf(row, keyring, outbound)
    const text = JSON.stringify(settings)
    const before = kept.get(row.id)
    if (before?.settings === text) return before.client
    retire(row.id)
    const client = openOrRefuse(row, settings)
    kept.set(row.id, { client, settings: text })
    return client
  }

  const sweep = () => {
    const now = Date.now()
    for (const [hostId, { client }] of kept) {
      if (now - (client.idleSince() ?? now) > IDLE_MS) retire(hostId)
    }
    for (const one of retired) {
      if (one.client.idleSince() === null && now - one.since < GRACE_MS) continue
      retired.delete(one)
      void one.client.close()
    }
  }
  const sweeping = setInterval(sweep, SWEEP_MS).unref()

  return {
    async open(reach, hostId) {
      const row = await readHost(store, reach, hostId)
      if (row.active === 0) {
        retire(hostId)
        throw new HubError('pbx_inactive', `The PBX host ${row.host_name} is switched off.`)
      }
      return openWith(row)
    },
    openWith,
    async close() {
      clearInterval(sweeping)
      const clients = [...kept.values(), ...retired].map(({ client }) => client)
      kept.clear()
      retired.clear()
      await Promise.all(clients.map((client) => client.close()))
    },
  }
}

async function settingsOf(row: Row, keyring: Keyring, outbound: Outbound): Promise<Settings> {
  const url = webAddressOf(row)
  if (url === null) throw notConfigured(row, 'a name or xapi_url that makes an address')
  if (row.xapi_client_id === null) throw notConfigured(row, 'xapi_client_id')
  const { xapi_client_secret } = await openSecrets(keyring, row, ['xapi_client_secret'])
  if (!xapi_client_secret) throw notConfigured(row, 'xapi_client_secret')
  return {
    tenantId: row.tenant_id,
    url: url.href,
    clientId: row.xapi_client_id,
    clientSecret: xapi_client_secret,
    tls: tlsOf(row),
    allowPrivate: allowedFor(row, outbound, [placeOf(url)]),
  }
}

function tlsOf({ tls_mode, tls_fingerprint }: Row): TlsPolicy {
  if (tls_mode === 'pinned') return { fingerprint: tls_fingerprint ?? '' }
  return tls_mode === 'skip' ? 'skip' : 'verify'
}

const notConfigured = ({ host_name }: Row, what: string) =>
  new HubError('pbx_not_configured', `The PBX host ${host_name} lacks ${what}.`)

/** Each connection goes to an address that was judged as the name was looked up for it. */
function lookupFor(allowed: AllowPrivate, port: number): LookupFunction {
  const guarded = guardedLookup(resolveName, allowed, port)
  return (name, options, callback) =>
    guarded(name, options, (error, ...found) => {
      const isRefused = error !== null && !('code' in error)
      callback(isRefused ? Object.assign(error, { code: 'EACCES' }) : error, ...found)
    })
}
