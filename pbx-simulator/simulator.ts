import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { openCalls } from './calls/calls.ts'
import { openCdrSocket, type CdrSocket } from './calls/cdr-socket.ts'
import type { Call } from './calls/call.ts'
import { keepJournal } from './calls/journal.ts'
import { playScript } from './calls/play.ts'
import { readScript } from './calls/script.ts'
import { readDescription } from './description/read.ts'
import { backupBytes } from './entities/backups.ts'
import { SERVICE_PRINCIPALS, setSecret } from './entities/principals.ts'
import { ROOMS } from './entities/rooms.ts'
import { serveCallControl } from './http/call-control.ts'
import { serveControl } from './http/control.ts'
import { openDispatch } from './http/dispatch.ts'
import { openFaults, readFault, type Faults } from './http/faults.ts'
import { openRequestRecord, type RecordedRequest } from './http/request-record.ts'
import { openServer, type Front } from './http/server.ts'
import { discovery, openTokens } from './http/tokens.ts'
import { callerOf, serveXapi } from './http/xapi.ts'
import { openClock } from './model/clock.ts'
import { peerOf, NUMBERED_SETS, type NumberedSet } from './model/numbers.ts'
import type { Pbx, Role, Row } from './model/pbx.ts'
import { openRandom } from './model/random.ts'
import { routesOf } from './model/routes.ts'
import { addRow } from './model/set-routes.ts'
import { openStore } from './model/store.ts'
import { startCrm } from './template/live.ts'
import { worldNamed } from './worlds/worlds.ts'
import { textOf } from './model/text.ts'

/** How a simulator is opened. Everything has a default but `clientSecret`, which is then made from the seed. */
export type SimulatorOptions = {
  host?: string
  /** 0 takes a free one. */
  port?: number
  seed?: string
  world?: string
  clientId?: string
  clientSecret?: string
  role?: Role
  /** As on the command line: `slow=500`, `429x3@/xapi`. */
  faults?: readonly string[]
  /** Path of an OpenAPI file whose operations are answered besides the simulator's own. */
  description?: string
  /** The same as text. */
  descriptionText?: string
  tlsCert?: string
  tlsKey?: string
  /** Instant at which the PBX's clock begins, ms since 1970. */
  now?: number
  /** The clock stands still unless it is moved. */
  isClockStopped?: boolean
  /** Scripts and backups happen at once. */
  instant?: boolean
  tokenSeconds?: number
  givesRefreshTokens?: boolean
  controlToken?: string
  version?: string
}

export type Simulator = {
  url: string
  clientId: string
  clientSecret: string
  controlToken: string
  /** The PBX behind it, for tests that look closer than an interface allows. */
  pbx: Pbx
  faults: Pick<Faults, 'list' | 'clear'> & { set: (fault: string) => void }
  requests: { list: () => readonly RecordedRequest[]; clear: () => void }
  cdr: Pick<CdrSocket, 'lines' | 'ready' | 'accepted'> & { port: () => number | null }
  /** Plays a script (text or steps). At once unless told otherwise on a PBX that is not instant. */
  play: (script: unknown, atOnce?: boolean) => Promise<Call[]>
  expireTokens: () => void
  /** Moves the PBX's clock on. */
  advance: (ms: number) => void
  close: () => Promise<void>
}

const TOKEN_SECONDS = 3600
const MOST_MONITORED = 500

type Timers = { later: Pbx['later']; stop: () => void }

function openTimers(): Timers {
  const running = new Set<NodeJS.Timeout>()
  let isStopped = false
  return {
    later: (ms, act) => {
      if (isStopped) return
      const timer = setTimeout(
        () => {
          running.delete(timer)
          act()
        },
        Math.max(0, ms),
      )
      running.add(timer)
    },
    stop: () => {
      isStopped = true
      for (const timer of running) clearTimeout(timer)
    },
  }
}

/** Lets an API client in, with its role, and with every DN but lines for call control. */
function addClient(pbx: Pbx, clientId: string, secret: string, role: Role): void {
  const group = pbx.store.rows('Groups').find((row) => row.IsDefault === true)
  const peers = (['Users', 'Queues', 'Receptionists', 'CallFlowApps'] satisfies NumberedSet[])
    .flatMap((set) => pbx.store.rows(set).map((row) => peerOf({ set, type: NUMBERED_SETS[set], row })))
    .slice(0, MOST_MONITORED)
  const row: Row = addRow(pbx, SERVICE_PRINCIPALS, {
    Number: clientId,
    CallControlEnabled: true,
    MyPhoneEnabled: true,
  })
  row.Peers = peers
  row.Groups = [{ GroupId: group?.Id, Rights: { RoleName: role } }]
  setSecret(pbx, clientId, secret)
}

/** Opens a simulated PBX. Whoever opens it closes it. */
export async function openSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const {
    host = '127.0.0.1',
    seed = 'cordboard',
    world = 'small',
    clientId = 'simulator',
    role = 'system_owners',
  } = options
  const build = worldNamed(world)
  const clock = openClock(options.now ?? Date.now(), options.isClockStopped ?? false)
  const random = openRandom(seed)
  const timers = openTimers()
  const pbx: Pbx = {
    name: 'pbx-simulator.example',
    version: options.version ?? '20.0.8.1',
    clock,
    random,
    store: openStore(),
    calls: openCalls(clock),
    instant: options.instant ?? false,
    later: timers.later,
    changed: new Map(),
  }
  const clientSecret = options.clientSecret ?? random.stream('client secret').password(32)
  const controlToken = options.controlToken ?? randomBytes(24).toString('base64url')
  keepJournal(pbx)
  build(pbx)
  addClient(pbx, clientId, clientSecret, role)

  const text =
    options.descriptionText ??
    (options.description === undefined ? null : await readFile(options.description, 'utf8'))
  const dispatch = openDispatch(routesOf(ROOMS), text === null ? null : readDescription(text), pbx.version)
  const faults = openFaults((list) => {
    clock.skew = list.find((fault) => fault.name === 'clock-skew')?.value ?? 0
  })
  for (const fault of options.faults ?? []) faults.set(readFault(fault))
  const tokens = openTokens(pbx, {
    seconds: options.tokenSeconds ?? TOKEN_SECONDS,
    issuer: pbx.name,
    givesRefreshTokens: options.givesRefreshTokens ?? false,
  })
  const record = openRequestRecord()
  const cdr = openCdrSocket(pbx)
  const crm = startCrm(pbx)
  const front: Front = { pbx, tokens, faults, record }
  const tls =
    options.tlsCert && options.tlsKey
      ? { cert: await readFile(options.tlsCert, 'utf8'), key: await readFile(options.tlsKey, 'utf8') }
      : null
  const server = await openServer(front, tls)
  server.post('/connect/token', (request, reply) => {
    const form = { ...(request.query as object), ...(request.body as object | null) }
    const { status, body } = tokens.answer(form)
    return reply.code(status).header('cache-control', 'no-store').send(body)
  })
  server.get('/.well-known/openid-configuration', (request) =>
    discovery(`${request.protocol}://${request.host}`),
  )
  server.get('/.well-known/jwks', () => tokens.keys)
  server.get('/MediaFiles/Backups/:name', (request, reply) => {
    const { name } = request.params as { name: string }
    const bytes = backupBytes(pbx, name, textOf((request.query as Row).ticket))
    return bytes === null ? reply.callNotFound() : reply.type('application/zip').send(bytes)
  })
  server.post('/webclient/api/MyPhone/session', (request, reply) => {
    callerOf(front, request)
    const session = request.body as Row | null
    const isKnown =
      pbx.store.numbered('Users', session?.impersonate) !== null || session?.impersonate === undefined
    return isKnown ? { SessionKey: random.hex(24), PbxVersion: pbx.version } : reply.callNotFound()
  })
  serveXapi(server, front, dispatch)
  const closeCallControl = serveCallControl(server, front)
  const about = { what: 'PBX simulator, not a 3CX', world, seed, version: pbx.version, clientId, role }
  serveControl(server, front, { token: controlToken, about, cdr })
  await server.listen({ host, port: options.port ?? 0 })
  const { port } = server.server.address() as AddressInfo

  return {
    url: `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`,
    clientId,
    clientSecret,
    controlToken,
    pbx,
    faults: { list: faults.list, clear: faults.clear, set: (fault) => void faults.set(readFault(fault)) },
    requests: { list: record.list, clear: record.clear },
    cdr: {
      lines: cdr.lines,
      port: () => cdr.listening()?.port ?? null,
      ready: cdr.ready,
      accepted: cdr.accepted,
    },
    play: (script, atOnce = true) => playScript(pbx, readScript(script), atOnce),
    expireTokens: tokens.expireAll,
    advance: clock.advance,
    close: async () => {
      faults.clear()
      timers.stop()
      closeCallControl()
      await crm.close()
      await cdr.close()
      await server.close()
    },
  }
}
