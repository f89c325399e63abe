import type { Capability } from '../../contract/pbx3cx-hosts.ts'
import { isXapiError, type XapiClient, type XapiError } from '../../xapi/xapi.ts'
import { able, unable, untested } from './probes.ts'
import { unlessLate } from './xapi-deadline.ts'

/** How long one resource may take, and all of them together. */
const ONE_MS = 5_000
const ALL_MS = 20_000
const HOUR_MS = 3_600_000

type Options = { signal: AbortSignal }
/** Asks for as little as tells whether it may be asked for; answers what is worth showing. */
type Ask = (pbx: XapiClient, options: Options) => Promise<string | null>

/** Waits for the first row of a list; an empty list is an answer too. */
async function first(rows: AsyncIterable<unknown>): Promise<null> {
  for await (const _ of rows) break
  return null
}

const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)
const one = (signal: AbortSignal) => ({ limit: 1, signal })

const ASKS: Record<string, Ask> = {
  system_status: async (pbx, options) => text((await pbx.system.status(options)).Version),
  licence: async (pbx, options) => text((await pbx.system.license(options)).ProductCode),
  users: (pbx, { signal }) => first(pbx.users.list(one(signal))),
  groups: (pbx, { signal }) => first(pbx.groups.list(one(signal))),
  queues: (pbx, { signal }) => first(pbx.queues.list(one(signal))),
  ring_groups: (pbx, { signal }) => first(pbx.ringGroups.list(one(signal))),
  ivrs: (pbx, { signal }) => first(pbx.ivrs.list(one(signal))),
  trunks: (pbx, { signal }) => first(pbx.trunks.list(one(signal))),
  dids: (pbx, { signal }) => first(pbx.dids.list(one(signal))),
  inbound_rules: (pbx, { signal }) => first(pbx.inboundRules.list(one(signal))),
  holidays: (pbx, { signal }) => first(pbx.holidays.list(one(signal))),
  call_log: (pbx, { signal }) => {
    const to = new Date()
    const from = new Date(to.getTime() - HOUR_MS)
    return first(pbx.callLog.rows({ from, to }, one(signal)))
  },
  active_calls: (pbx, { signal }) => first(pbx.activeCalls.list(one(signal))),
  recordings: (pbx, { signal }) => first(pbx.recordings.list(one(signal))),
  backups: (pbx, { signal }) => first(pbx.backups.list(one(signal))),
  audit_log: (pbx, { signal }) => first(pbx.system.auditLog(one(signal))),
  cdr_settings: async (pbx, options) => text((await pbx.cdrSettings.get(options)).LogType),
  call_control: async (pbx, options) => `${(await pbx.callControl.state(options)).length} numbers monitored`,
}

/** What the hub uses of a PBX, by the names under which a test tells of it. */
export const RESOURCES = Object.keys(ASKS)

const ROLE = 'Look at the role of the API client in the console of the PBX (Integrations, API)'
const OF_HISTORY: ReadonlySet<string> = new Set(['call_log', 'recordings'])

const MISSING = 'This build of the PBX does not have it: update the PBX, or do without.'
const SLOW = 'The PBX is slow or busy: test again later.'
const ADVICE: Partial<Record<XapiError['kind'], string>> = {
  not_found: MISSING,
  unsupported: MISSING,
  authentication: 'Look at xapi_client_id and xapi_client_secret of the host.',
  timeout: SLOW,
  rate: SLOW,
  network:
    'Look at dns, tls and http of this test, and at the addresses the PBX lets in (console restrictions).',
}

function adviceFor(resource: string, { kind }: XapiError): string | null {
  if (kind !== 'permission') return ADVICE[kind] ?? null
  if (resource === 'call_control')
    return 'Tick call control and the numbers to follow at the API client, and look whether the licence has it.'
  return OF_HISTORY.has(resource)
    ? `${ROLE}: system administrators see no history, system owners do. The licence may leave it out as well.`
    : `${ROLE}: the system itself is for system administrators and owners. The licence may leave it out as well.`
}

const REASONS: Partial<Record<XapiError['kind'], string>> = {
  permission: 'The PBX does not open it to this API client',
  not_found: 'The PBX does not know it',
  unsupported: 'The PBX does not describe it',
  authentication: 'The PBX refuses the client id, the secret or the token',
  server: 'The PBX failed',
  rate: 'The PBX asks for patience',
}

/** Why not, in words, and what to do about it. */
export function whyNot(resource: string, error: unknown): Capability {
  if (!isXapiError(error)) return unable('It did not answer in time.', null)
  const { kind, status } = error
  const words = REASONS[kind]
  const reason = words === undefined ? error.message : `${words}${status === null ? '' : ` (${status})`}.`
  const advice = adviceFor(resource, error)
  return { ...unable(reason), ...(advice === null ? {} : { advice }) }
}

/** Whether the PBX itself has answered with this, to a token it takes. */
const isAnswer = (error: unknown): boolean =>
  isXapiError(error) && error.kind !== 'authentication' && error.status !== null

/**
 * Asks a PBX for each of its resources, one after the other: it is a telephone system first. Ends in time whatever the
 * PBX does; what was not reached by then is not tested. `token` is able when any of it was answered.
 */
export async function probeResources(
  pbx: XapiClient,
  { oneMs = ONE_MS, allMs = ALL_MS } = {},
): Promise<{ token: Capability; resources: Record<string, Capability> }> {
  const resources: Record<string, Capability> = {}
  const end = performance.now() + allMs
  let token: Capability | null = null
  for (const [name, ask] of Object.entries(ASKS)) {
    const left = end - performance.now()
    if (left <= 0) {
      resources[name] = untested('The time for this test was over before.')
      continue
    }
    try {
      const signal = AbortSignal.timeout(Math.ceil(Math.min(oneMs, left)))
      resources[name] = able(await unlessLate(ask(pbx, { signal }), signal))
      token = able(null)
    } catch (error) {
      resources[name] = whyNot(name, error)
      if (isAnswer(error)) token = able(null)
    }
  }
  return { token: token ?? resources[RESOURCES[0] ?? ''] ?? unable('It did not answer.'), resources }
}
