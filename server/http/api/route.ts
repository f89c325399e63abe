import type { FastifyRequest } from 'fastify'
import { IdParams, ListQuery } from '../../../contract/common.ts'
import { Decision, DecisionPage, RouteAnswer, RouteQuestion } from '../../../contract/route.ts'
import { HubError } from '../../platform/errors.ts'
import type { Routing } from '../../routing/routing.ts'
import { needs, principalOf, type App } from '../app.ts'
import { repeatable } from '../idempotency.ts'

/** `/api/v1/route`: where a call goes and why; `/api/v1/decisions`: where calls went and why. */
export function routeRoutes(app: App, { route, decisions }: Pick<Routing, 'route' | 'decisions'>): void {
  const tags = ['routing']

  const answer = (request: FastifyRequest, question: RouteQuestion, isKept: boolean): RouteAnswer => {
    if (question.number === undefined && question.account === undefined)
      throw new HubError('parameter_missing', 'Say who calls: number=… or account=…')
    const { tenantId, hostId, tokenId } = principalOf(request)
    const host = hostId ?? question.host
    return route(tenantId, { ...question, host }, isKept ? { source: 'route', tokenId } : null)
  }

  app.get(
    '/route',
    {
      ...needs('identify'),
      schema: {
        tags,
        summary: 'Where does this call go, and why?',
        querystring: RouteQuestion,
        response: { 200: RouteAnswer },
      },
    },
    (request) => answer(request, request.query, true),
  )
  for (const [url, summary, isKept] of [
    ['/route', 'Where does this call go, and why?', true],
    ['/route/simulate', 'Where would this call go? Keeps nothing', false],
  ] as const) {
    app.post(
      url,
      {
        ...repeatable(needs('identify')),
        schema: { tags, summary, body: RouteQuestion, response: { 200: RouteAnswer } },
      },
      (request) => answer(request, request.body, isKept),
    )
  }

  app.get(
    '/decisions',
    {
      ...needs('calls:read'),
      schema: {
        tags,
        summary: 'List decisions',
        description: 'Filters: number (any spelling), call, dnid, profile_id, rule.',
        querystring: ListQuery,
        response: { 200: DecisionPage },
      },
    },
    (request) => decisions.list(principalOf(request).tenantId, request.query),
  )
  app.get(
    '/decisions/:id',
    {
      ...needs('calls:read'),
      schema: { tags, summary: 'Read a decision', params: IdParams, response: { 200: Decision } },
    },
    (request) => decisions.get(principalOf(request).tenantId, request.params.id),
  )
}
