import { once } from 'node:events'
import type { Server } from 'node:http'
import { Server as NetServer, type AddressInfo } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'
import { openAccessMirrorOf } from '../access/access-mirror.ts'
import type { TenantDefaults } from '../access/tenant-views.ts'
import { openCalendar } from '../directory/calendar-day.ts'
import { openLookup } from '../directory/lookup.ts'
import type { BackDoorAddress } from '../http/back-door.ts'
import { openFastLane } from '../http/fast-lane.ts'
import { answeredWithin, openLanes } from '../http/lanes.ts'
import { answerBrokenRequests, openListener, type TlsFiles } from '../http/listener.ts'
import { openPassage } from '../http/passage.ts'
import { openRequestIds } from '../http/request-ids.ts'
import { openProfileViews } from '../routing/routing.ts'
import { openAccessLines } from '../platform/access-lines.ts'
import { systemClock } from '../platform/clock.ts'
import type { LogFields } from '../platform/log.ts'
import { openThreadMetrics, type ThreadCounts } from '../platform/thread-metrics.ts'
import { openMemoryReader, type ReaderPass } from './shared-memory.ts'

export type WorkerSettings = {
  pass: ReaderPass
  hosts: string[]
  port: number
  tls: TlsFiles | null
  door: BackDoorAddress
  defaults: TenantDefaults
  publicUrl: string | null
  /** Whether anybody reads the line of a request. */
  accessLines: boolean
}

/** What a worker tells the hub. */
export type FromWorker =
  | { kind: 'listening'; port: number }
  | { kind: 'refused'; error: unknown }
  | { kind: 'lines'; text: string }
  | { kind: 'fault'; message: string; fields: LogFields | undefined }
  | { kind: 'counts'; asked: number | null; counts: ThreadCounts; usedTokens: number[] }

/** What the hub tells a worker. */
export type ToWorker = { kind: 'count'; asked: number } | { kind: 'close' }

const REPORT_EVERY_MS = 1_000
/** A client about to ask finds its connection still there for so long; the answer says that it was the last. */
const LAST_QUESTIONS_MS = 250

/** A thread that listens beside others and answers the questions of ringing phones; all else it hands to the hub. */
async function main(hub: NonNullable<typeof parentPort>, settings: WorkerSettings): Promise<void> {
  const tell = (message: FromWorker) => hub.postMessage(message)
  const usedTokens = new Set<number>()
  const metrics = openThreadMetrics()
  const access = openAccessMirrorOf({
    ...settings.defaults,
    clock: systemClock,
    onUse: (tokenId) => usedTokens.add(tokenId),
  })
  const rules = access.tenant
  const profiles = openProfileViews({
    country: (tenantId) => rules(tenantId)?.country ?? null,
    keyOf: (tenantId, text) => lookup.key(tenantId, text),
  })
  const memory = openMemoryReader(settings.pass, { access, profiles })
  const lines = openAccessLines({ write: (text) => tell({ kind: 'lines', text }) })
  const error = (message: string, fields?: LogFields) => tell({ kind: 'fault', message, fields })

  const lookup = openLookup({ indexOf: memory.indexOf, rules, today: openCalendar(systemClock) })
  const { publicUrl } = settings
  const { quick } = openLanes({ lookup, metrics, routing: null, findProfile: profiles.find, publicUrl })
  const lane = openFastLane(answeredWithin(quick, memory.read), {
    access: {
      recognise(secret) {
        memory.catchUp()
        return access.recognise(secret)
      },
    },
    log: { access: settings.accessLines ? lines.add : () => {}, error },
    metrics,
    nextRequestId: openRequestIds(),
  })
  let closing = false
  const pass = openPassage({
    door: settings.door,
    isLast: () => closing,
    onTrouble: (cause) => error('the hub did not take a request', { error: cause }),
  })
  const servers = settings.hosts.map(() => {
    const server = openListener(settings.tls, (request, response) => {
      if (closing) response.shouldKeepAlive = false
      if (!lane(request, response)) pass(request, response)
    })
    answerBrokenRequests(server)
    return server
  })

  const report = (asked: number | null) => {
    const counts = metrics.take()
    if (asked === null && counts.requests.length === 0) return
    tell({ kind: 'counts', asked, counts, usedTokens: [...usedTokens] })
    usedTokens.clear()
  }
  const reporting = setInterval(() => report(null), REPORT_EVERY_MS)

  let { port } = settings
  for (const [i, server] of servers.entries()) {
    server.listen({ host: settings.hosts[i]!, port, reusePort: true })
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
  }
  tell({ kind: 'listening', port })

  hub.on('message', (message: ToWorker) => {
    if (message.kind === 'count') return report(message.asked)
    closing = true
    void Promise.all(servers.map(closeGently)).then(() => {
      clearInterval(reporting)
      report(null)
      lines.handOver()
      memory.close()
      hub.close()
    })
  })
}

/** Takes no new connection, lets what is under way end, and closes each connection after its last answer. */
async function closeGently(server: Server): Promise<void> {
  const closed = once(server, 'close')
  // The server's own `close` would cut connections between two questions at once.
  NetServer.prototype.close.call(server)
  const idle = setInterval(() => server.closeIdleConnections(), LAST_QUESTIONS_MS)
  await closed
  clearInterval(idle)
}

if (!parentPort) throw new Error('worker-thread runs in a worker thread only')
const hub = parentPort
await main(hub, workerData as WorkerSettings).catch((error: unknown) => {
  hub.postMessage({ kind: 'refused', error } satisfies FromWorker)
  process.exit(1)
})
