import {
  InboundRuleAnswer,
  InboundRuleListQuery,
  InboundRulePage,
  InboundRuleParams,
  InboundRuleQuery,
} from '../../../contract/pbx-inbound-rules.ts'
import { XapiHostParams } from '../../../contract/xapi.ts'
import { isRaw, type InboundRules } from '../../fleet/fleet.ts'
import { needs, type App } from '../app.ts'
import { reachOf } from './reach.ts'

/** `/api/v1/pbx3cx/{host}/inbound-rules`: where calls from outside go, as the PBX has it now. */
export function pbxInboundRuleRoutes(app: App, { inboundRules }: { inboundRules: InboundRules }): void {
  const tags = ['PBX inbound rules']
  const path = '/pbx3cx/:host/inbound-rules'

  app.get(
    path,
    {
      ...needs('fleet:read'),
      schema: {
        tags,
        summary:
          'List the inbound rules of a PBX in its own order; with `raw=1` under the names the PBX gives the fields',
        params: XapiHostParams,
        querystring: InboundRuleListQuery,
        response: { 200: InboundRulePage },
      },
    },
    (request) => inboundRules.list(reachOf(request), request.params.host, request.query),
  )
  app.get(
    `${path}/:id`,
    {
      ...needs('fleet:read'),
      schema: {
        tags,
        summary: 'Read an inbound rule of a PBX; with `raw=1` under the names the PBX gives the fields',
        params: InboundRuleParams,
        querystring: InboundRuleQuery,
        response: { 200: InboundRuleAnswer },
      },
    },
    (request) => {
      const { host, id } = request.params
      return inboundRules.get(reachOf(request), host, id, isRaw(request.query))
    },
  )
}
