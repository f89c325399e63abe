import type { FastifyReply } from 'fastify'
import { HostNameParams, OriginList } from '../../../contract/origins.ts'
import type { Fleet } from '../../fleet/fleet.ts'
import { needs, type App } from '../app.ts'
import { reachOf } from './reach.ts'

/** Header values are of one line and of plain signs. */
const plain = (words: string) => words.replace(/[^\x20-\x7e]+/g, ' ').slice(0, 300)

/** Says how old an answer about a PBX is, and why it is no newer. */
export function tellAge(
  reply: FastifyReply,
  { ageMs, stale }: { ageMs: number; stale: string | null },
): void {
  reply.header('age', String(Math.floor(ageMs / 1_000)))
  if (stale !== null) reply.header('cordboard-stale', plain(stale))
}

/** `/api/v1/pbx3cx/{id}/origins`: where calls can enter or leave a PBX. */
export function pbx3cxOriginRoutes(app: App, { origins }: Pick<Fleet, 'origins'>): void {
  app.get(
    '/pbx3cx/:id/origins',
    {
      ...needs('fleet:read'),
      schema: {
        tags: ['PBX hosts'],
        summary: 'List trunks, their numbers and rules for certain callers of a PBX, by its id or code',
        description:
          '`Age` is the time in seconds since they were read from the PBX. `Cordboard-Stale` says why they could not be read anew; without it they are no older than a minute.',
        params: HostNameParams,
        response: { 200: OriginList },
      },
    },
    async (request, reply) => {
      const { origins: found, ...from } = await origins.list(reachOf(request), request.params.id)
      tellAge(reply, from)
      return found
    },
  )
}
