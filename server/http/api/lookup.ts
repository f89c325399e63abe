import { Type } from 'typebox'
import { LookupAnswer } from '../../../contract/lookup.ts'
import type { Lookup } from '../../directory/directory.ts'
import { needs, principalOf, type App } from '../app.ts'

const Params = Type.Object({ number: Type.String() })

/** `/api/v1/lookup/{number}`: who this is and exactly why, for people who wonder. */
export function lookupRoutes(app: App, { lookup }: { lookup: Lookup }): void {
  app.get(
    '/lookup/:number',
    {
      ...needs('identify'),
      schema: {
        tags: ['lookup'],
        summary: 'Explain a lookup',
        params: Params,
        response: { 200: LookupAnswer },
      },
    },
    (request) => {
      const { read, country, ...explained } = lookup.explain(
        principalOf(request).tenantId,
        request.params.number,
      )
      return {
        number: {
          kind: read.kind,
          e164: read.kind === 'external' ? read.e164 : null,
          extension: read.kind === 'external' || read.kind === 'national' ? read.extension : null,
          text: read.kind === 'national' ? read.digits : 'text' in read ? read.text : null,
          country,
        },
        ...explained,
      }
    },
  )
}
