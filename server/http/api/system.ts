import { Type } from 'typebox'
import { Nullable } from '../../../contract/common.ts'
import { SecretsState } from '../../../contract/keys.ts'
import type { Metrics } from '../../platform/metrics.ts'
import { needs, type App } from '../app.ts'

export type Readiness = {
  /** `degraded`: lookups are answered from memory, writes are not possible. */
  status: 'ready' | 'degraded'
  store: 'up' | 'away'
  /** Since when (ISO 8601) the store has not answered. */
  store_away_since: string | null
  /** Number of the last change that memory holds. */
  feed_position: number
  /** When (ISO 8601) memory was last written down for a start without the store. */
  snapshot_written_at: string | null
  /** Whether stored secrets can be used. Lookups and other writes do not depend on it. */
  secrets: SecretsState
  /** The threads that answer calls, where there are several: how many there shall be, and how many listen. */
  workers?: { wanted: number; listening: number }
}

const Live = Type.Object({ status: Type.Literal('live') })
const Ready = Type.Object({
  status: Type.Enum(['ready', 'degraded']),
  store: Type.Enum(['up', 'away']),
  store_away_since: Type.Union([Type.String(), Type.Null()]),
  feed_position: Type.Integer(),
  snapshot_written_at: Nullable(Type.String()),
  secrets: SecretsState,
  workers: Type.Optional(Type.Object({ wanted: Type.Integer(), listening: Type.Integer() })),
})
const Version = Type.Object({
  version: Type.String(),
  status: Type.String(),
  vendor: Type.String(),
  url: Type.String(),
})

export type SystemDeps = {
  metrics: Metrics
  readiness(): Readiness
  version: string
  publicUrl: string | null
}

/** Health, version and metrics. Health and version are public. */
export function systemRoutes(app: App, { metrics, readiness, version, publicUrl }: SystemDeps): void {
  const tags = ['system']
  app.get(
    '/health/live',
    { ...needs('public'), schema: { tags, summary: 'The process runs', response: { 200: Live } } },
    () => ({ status: 'live' as const }),
  )
  app.get(
    '/health/ready',
    {
      ...needs('public'),
      schema: {
        tags,
        summary: 'Lookups are answered; degraded when the store is away',
        response: { 200: Ready },
      },
    },
    () => readiness(),
  )
  app.get(
    '/api/version',
    { ...needs('public'), schema: { tags, summary: 'What runs here', response: { 200: Version } } },
    () => ({ version, status: 'ok', vendor: 'Cordboard', url: publicUrl ?? '' }),
  )
  app.get(
    '/metrics',
    {
      ...needs('metrics'),
      schema: { tags, summary: 'Metrics in Prometheus form', produces: ['text/plain'] },
    },
    async (_request, reply) => reply.header('content-type', metrics.contentType).send(await metrics.text()),
  )
}
