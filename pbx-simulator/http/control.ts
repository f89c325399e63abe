import { timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { activeCallRow } from '../entities/active-calls.ts'
import { logEvent } from '../entities/machine.ts'
import { uploadTemplate } from '../entities/crm.ts'
import { badRequest, notFound, Refusal } from '../odata/refusal.ts'
import { whereIs } from '../calls/call.ts'
import { playScript } from '../calls/play.ts'
import { readScript } from '../calls/script.ts'
import type { CdrSocket } from '../calls/cdr-socket.ts'
import type { Row } from '../model/pbx.ts'
import { runTemplate } from '../template/template.ts'
import { readFault } from './faults.ts'
import { bearerOf, type Front } from './server.ts'

const bodyOf = (request: FastifyRequest): Row =>
  (typeof request.body === 'object' && request.body !== null ? request.body : {}) as Row

function isToken(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)]
  return a.length === b.length && timingSafeEqual(a, b)
}

type Parts = { token: string; about: object; cdr: CdrSocket }

/** What happens at the simulator rather than at the PBX: calls, faults, the record. Nothing of this is in a 3CX. */
export function serveControl(server: FastifyInstance, front: Front, { token, about, cdr }: Parts): void {
  const { pbx, faults, record, tokens } = front
  server.register(
    (control, _options, done) => {
      control.addHook('onRequest', async (request) => {
        if (!isToken(bearerOf(request), token))
          throw new Refusal(401, 'The control token is missing or wrong.')
      })
      control.get('/', () => ({
        about,
        now: pbx.clock.iso(),
        faults: faults.list(),
        calls: [...pbx.calls.live.values()].map((call) => ({
          name: call.name,
          ...activeCallRow(pbx, call),
          where: whereIs(call),
        })),
        cdr: { listening: cdr.listening(), lines: cdr.lines },
      }))
      control.get('/requests', () => record.list())
      control.delete('/requests', (_request, reply) => {
        record.clear()
        return reply.code(204).send()
      })
      control.get('/faults', () => faults.list())
      control.post('/faults', (request) => {
        const body = bodyOf(request)
        if (typeof body.fault === 'string') return faults.set(readFault(body.fault))
        return faults.set(body as Parameters<typeof faults.set>[0])
      })
      control.delete('/faults', (_request, reply) => {
        faults.clear()
        return reply.code(204).send()
      })
      control.delete('/faults/:name', (request, reply) => {
        faults.clear((request.params as Row).name as string)
        return reply.code(204).send()
      })
      control.post('/tokens/expire', (_request, reply) => {
        tokens.expireAll()
        return reply.code(204).send()
      })
      control.post('/clock', (request) => {
        const { advance } = bodyOf(request)
        if (typeof advance !== 'number') throw badRequest('advance is a number of milliseconds.')
        pbx.clock.advance(advance)
        return { now: pbx.clock.iso() }
      })
      control.post('/calls', async (request, reply) => {
        const body = bodyOf(request)
        const steps = readScript(
          typeof request.body === 'string' ? request.body : (body.script ?? body.steps),
        )
        const atOnce = body.instant === undefined ? pbx.instant : body.instant === true
        const playing = playScript(pbx, steps, atOnce)
        if (!atOnce) {
          playing.catch((error: unknown) =>
            logEvent(pbx, 'Error', 'Simulator', `A script stopped: ${String(error)}`),
          )
          return reply.code(202).send({ steps: steps.length })
        }
        const calls = await playing
        return {
          steps: steps.length,
          calls: calls.map((call) => ({
            name: call.name,
            callid: call.controlId,
            ended: call.endedAt !== null,
            where: whereIs(call),
            callback: call.callback,
          })),
        }
      })
      control.post('/template', (request) => {
        const { xml, question, parameters } = bodyOf(request)
        if (typeof xml !== 'string') throw badRequest('xml is missing.')
        return runTemplate(xml, question ?? {}, {
          parameters: (parameters ?? {}) as Record<string, string>,
        })
      })
      control.post('/crm-templates', (request, reply) => {
        const xml = typeof request.body === 'string' ? request.body : bodyOf(request).xml
        if (typeof xml !== 'string') throw badRequest('xml is missing.')
        try {
          return reply.code(201).send({ name: uploadTemplate(pbx, xml).name })
        } catch (error) {
          throw badRequest(error instanceof Error ? error.message : String(error))
        }
      })
      control.get('/*', () => {
        throw notFound('the control')
      })
      done()
    },
    { prefix: '/simulator' },
  )
}
