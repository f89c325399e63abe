import type { RequestListener } from 'node:http'
import { parse } from 'node:querystring'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import Fastify, { type FastifyInstance, type RouteOptions, type onRequestHookHandler } from 'fastify'
import type { Access } from '../access/access.ts'
import type { Directory } from '../directory/directory.ts'
import type { Fleet } from '../fleet/fleet.ts'
import type { Journal } from '../journal/journal.ts'
import { HubError } from '../platform/errors.ts'
import type { Keyring } from '../platform/keyring.ts'
import type { Live } from '../live/live.ts'
import type { Log } from '../platform/log.ts'
import type { Routing } from '../routing/routing.ts'
import type { Metrics } from '../platform/metrics.ts'
import type { Work } from '../platform/work/work.ts'
import type { Idempotency } from '../platform/idempotency.ts'
import { openAdmission, type Admit } from './admission.ts'
import { apiRoutes } from './api-routes.ts'
import { PRINCIPAL, accessOf, principalOrNull, type Admission, type App, type Settle } from './app.ts'
import { nameSurvivor } from './api/merge.ts'
import { systemRoutes, type Readiness } from './api/system.ts'
import { asteriskDialect } from './dialects/asterisk/routes.ts'
import { crmDialect } from './dialects/3cx-crm/routes.ts'
import { callerDataDialect } from './dialects/caller-data/routes.ts'
import { dbnQueryDialect, type DbnQueryDeps } from './dialects/dbn-query/routes.ts'
import { freeswitchDialect } from './dialects/freeswitch/routes.ts'
import { identificationDialect } from './dialects/identification/routes.ts'
import { loginDialect } from './dialects/login/routes.ts'
import { consoleRoutes } from './console.ts'
import type { ConsoleFiles } from './console-files.ts'
import { mixvoipDialect } from './dialects/mixvoip/routes.ts'
import { zammadDialect } from './dialects/zammad/routes.ts'
import { errorHandler } from './errors.ts'
import { tagResources } from './etags.ts'
import { openFastLane } from './fast-lane.ts'
import { openBackDoor, openBackDoorServer, type BackDoorAddress } from './back-door.ts'
import { answerOnce } from './idempotency.ts'
import { openLanes } from './lanes.ts'
import { openListener, type TlsFiles } from './listener.ts'
import { openRequestIds } from './request-ids.ts'
import { serializerCompiler, validatorCompiler } from './validation.ts'

const BODY_LIMIT = 1024 * 1024
const DOCS = '/docs'

export type ServerDeps = {
  access: Access
  directory: Directory
  fleet: Fleet
  journal: Journal
  routing: Routing
  live: Live
  /** The tenant's zone; from memory. */
  timeZone(tenantId: number): string
  keyring: Keyring
  settle: Settle
  /** Writes memory down anew, or removes what was written down. */
  renewSnapshot(): Promise<void>
  idempotency: Idempotency
  work: Work
  log: Log
  metrics: Metrics
  readiness(): Readiness
  version: string
  publicUrl: string | null
  metricsToken: string | null
  /** The built console; null without one. */
  console: ConsoleFiles | null
  /** Addresses and ranges whose X-Forwarded-For is believed. */
  trustedProxies: string[]
  tls: TlsFiles | null
  /** Where requests come from when other threads listen; null when this server listens itself. */
  backDoor: BackDoorAddress | null
}

export type RouteEntry = { method: string; url: string; admission: Admission }
export type Server = {
  app: App
  /** Every route there is, with who may call it. */
  routes: RouteEntry[]
  close(): Promise<void>
}

/** Notes every route, refuses one that does not say who may call it, and puts the one check it needs in front of it. */
function keepRouteTable(app: FastifyInstance, admit: Admit): RouteEntry[] {
  const routes: RouteEntry[] = []
  app.addHook('onRoute', (route: RouteOptions) => {
    const access = accessOf(route.config)
    if (access && access.admission !== 'public') {
      const check: onRequestHookHandler = (request, _reply, done) => {
        admit(request, access)
        done()
      }
      // A dialect's token may be in the body, so the body is read first; everywhere else nothing is read before.
      if (access.dialect === null) route.onRequest = [check, ...[route.onRequest ?? []].flat()]
      else route.preHandler = [check, ...[route.preHandler ?? []].flat()]
    }
    const ofDocs = route.url === DOCS || route.url.startsWith(`${DOCS}/`)
    if (!access && !ofDocs)
      throw new Error(`route ${String(route.method)} ${route.url} does not say who may call it`)
    for (const method of [route.method].flat()) {
      routes.push({ method, url: route.url, admission: access?.admission ?? 'public' })
    }
  })
  return routes
}

function keepAccessLog(app: FastifyInstance, log: Log, metrics: Metrics): void {
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'unknown'
    const principal = principalOrNull(request)
    const ms = reply.elapsedTime
    metrics.request(route, request.method, reply.statusCode, ms / 1000)
    log.access({
      request_id: request.id,
      method: request.method,
      route,
      status: reply.statusCode,
      ms,
      tenant: principal?.tenantId ?? null,
      token_id: principal?.tokenId ?? null,
    })
    done()
  })
}

function takeForms(app: FastifyInstance): void {
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => {
      done(null, parse(String(body)))
    },
  )
}

/** Clients that name JSON on every request send nothing with a DELETE: that is no body, and not one that cannot be read. */
function takeEmptyBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') return done(null, undefined)
    return parse(request, String(body), done)
  })
}

/** Builds the HTTP application; the caller makes it listen, or the threads before its back door. */
export async function openServer(deps: ServerDeps): Promise<Server> {
  const { access, directory, log, metrics, tls, backDoor } = deps
  const nextRequestId = openRequestIds()
  const { lookup } = directory
  const lanes = openLanes({ ...deps, lookup, findProfile: deps.routing.findProfile })
  const { answer, asterisk, freeswitch, mixvoip, crm, callerData, askingOf } = lanes
  const dbnQuery: DbnQueryDeps = { ...deps, lookup, askingOf, dispositions: deps.journal.dispositions }
  const callerDeps = { pbxEvents: deps.journal.pbxEvents, settle: deps.settle }
  const lane = openFastLane(lanes.quick, { access, log, metrics, nextRequestId })
  const options = {
    logger: false,
    exposeHeadRoutes: false,
    bodyLimit: BODY_LIMIT,
    trustProxy: deps.trustedProxies.length > 0 ? deps.trustedProxies : false,
    genReqId: nextRequestId,
    serverFactory: (router: RequestListener) =>
      backDoor
        ? openBackDoorServer(router)
        : openListener(tls, (request, response) => {
            if (!lane(request, response)) router(request, response)
          }),
    frameworkErrors: errorHandler(log),
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 2_000, ignoreTrailingSlash: true },
  } as const
  const app = Fastify(options) as unknown as App

  app.decorateRequest(PRINCIPAL, null)
  app.setValidatorCompiler(validatorCompiler())
  app.setSerializerCompiler(serializerCompiler())
  app.setErrorHandler(errorHandler(log))
  takeForms(app)
  takeEmptyBodies(app)
  const routes = keepRouteTable(app, openAdmission(access, deps.metricsToken))
  keepAccessLog(app, log, metrics)
  app.setNotFoundHandler((request) => {
    throw new HubError(
      'not_found',
      `There is nothing at ${request.method} ${request.url.split('?')[0]?.slice(0, 200)}`,
    )
  })

  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Cordboard',
        version: deps.version,
        description: 'Who is calling, and where the call should go.',
      },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
  })
  await app.register(swaggerUi, {
    routePrefix: DOCS,
    theme: {
      title: 'Cordboard',
      css: [{ filename: 'cordboard.css', content: '.swagger-ui .topbar { display: none }' }],
    },
  })
  await app.register(async (scope) => systemRoutes(scope as unknown as App, deps))
  await app.register(async (scope) => consoleRoutes(scope as unknown as App, deps.console))
  await app.register(async (scope) => loginDialect(scope as unknown as App, deps))
  await app.register(async (scope) => identificationDialect(scope as unknown as App, { answer }))
  await app.register(async (scope) => dbnQueryDialect(scope as unknown as App, dbnQuery))
  await app.register(async (scope) =>
    callerDataDialect(scope as unknown as App, { ...callerDeps, answer: callerData }),
  )
  await app.register(async (scope) => asteriskDialect(scope as unknown as App, { answer: asterisk }))
  await app.register(async (scope) => freeswitchDialect(scope as unknown as App, { answer: freeswitch }))
  await app.register(async (scope) => mixvoipDialect(scope as unknown as App, { answer: mixvoip }))
  await app.register(async (scope) =>
    zammadDialect(scope as unknown as App, { ...deps, ...callerDeps, lookup }),
  )
  await app.register(async (scope) =>
    crmDialect(scope as unknown as App, { ...deps, ...directory, ...deps.journal, answer: crm }),
  )
  await app.register(
    async (scope) => {
      scope.addHook('onSend', (_request, reply, payload, done) => {
        if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store')
        done(null, payload)
      })
      scope.addHook('preSerialization', nameSurvivor)
      tagResources(scope)
      answerOnce(scope, deps)
      apiRoutes(scope, deps)
    },
    { prefix: '/api/v1' },
  )
  app.get(
    '/openapi.json',
    { config: { access: { admission: 'public', dialect: null } } as never, schema: { hide: true } as never },
    () => app.swagger(),
  )
  await app.ready()
  const door = backDoor ? await openBackDoor(app.server, backDoor) : null
  return {
    app,
    routes,
    async close() {
      await app.close()
      await door?.close()
    },
  }
}
