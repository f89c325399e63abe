import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { HostReference } from '../../../contract/pbx-snapshots.ts'
import { TraceAnswer, TraceQuery, TraceReport } from '../../../contract/pbx-trace.ts'
import { drawTrace, isFresh, type Traces } from '../../fleet/fleet.ts'
import { invalid } from '../../platform/errors.ts'
import { needs, type App } from '../app.ts'
import { reachOf } from './reach.ts'

const HostParams = Type.Object({ host: HostReference })
const SVG = 'image/svg+xml'

const wantsPicture = (request: FastifyRequest, { format }: TraceQuery): boolean =>
  format === undefined ? (request.headers.accept ?? '').includes(SVG) : format === 'svg'

/** `/api/v1/pbx3cx/{host}/trace`: where a call goes and why, from the PBX's last snapshot. */
export function pbxTraceRoutes(app: App, { traces }: { traces: Traces }): void {
  const tags = ['PBX trace']
  const path = '/pbx3cx/:host/trace'

  app.get(
    path,
    {
      ...needs('fleet:read'),
      schema: {
        tags,
        summary:
          'Where a call to `did` goes and why, as JSON or (`format=svg`) as a picture; with `extension` every way into it',
        params: HostParams,
        querystring: TraceQuery,
        response: { 200: TraceAnswer },
      },
    },
    async (request, reply) => {
      const { query } = request
      const { host } = request.params
      if (query.extension !== undefined) {
        if (query.did !== undefined) throw invalid({ extension: ['Goes without did.'] })
        return traces.waysInto(reachOf(request), host, query.extension, isFresh(query))
      }
      if (!query.did) throw invalid({ did: ['Which number is called? Or name an extension.'] })
      const { trace, read } = await traces.trace(reachOf(request), host, { ...query, did: query.did })
      if (wantsPicture(request, query)) {
        return reply
          .header('content-type', SVG)
          .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; sandbox")
          .header('vary', 'accept')
          .send(drawTrace(trace) as never)
      }
      return { ...trace, at: new Date(trace.at).toISOString(), read }
    },
  )
  app.get(
    `${path}/report`,
    {
      ...needs('fleet:read'),
      schema: {
        tags,
        summary:
          'Rules that are never reached, destinations that are not there, numbers without a rule, loops and dead ends',
        params: HostParams,
        querystring: Type.Pick(TraceQuery, ['fresh']),
        response: { 200: TraceReport },
      },
    },
    (request) => traces.report(reachOf(request), request.params.host, isFresh(request.query)),
  )
}
