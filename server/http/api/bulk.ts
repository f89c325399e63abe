import { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import { BulkAnswer } from '../../../contract/bulk.ts'
import type { Bulk, BulkOutcome, BulkRun } from '../../directory/directory.ts'
import { HubError } from '../../platform/errors.ts'
import type { Log } from '../../platform/log.ts'
import { actor, needs, type App, type Settle } from '../app.ts'
import { openBulkReader } from '../bulk-lines.ts'
import { repeatable } from '../idempotency.ts'
import { readLines, type LineLimits, type TextLine } from '../ndjson.ts'

const TYPE = 'application/x-ndjson'
/** No limit of the HTTP layer: lines are counted as they arrive. */
const NO_LIMIT = Number.MAX_SAFE_INTEGER
/** `batch`: lines a transaction. More would let other writes wait longer on SQLite, and be hardly faster. */
const LIMITS: LineLimits = { maxBytes: 1024 * 1024, maxLines: 1_000_000, batch: 200 }

const DESCRIPTION = `One JSON object a line, answered by one line each, in order, once it is durable:
\`{"op": "upsert", "type": "customer", "customer_account": "CL1", "name": "Dupont", …}\`, with the fields of
customers and contacts. Customers are found by \`customer_account\`, else by \`external_id\`; contacts by \`id\`, else
by \`external_id\`, and their customer by \`customer_id\` or \`customer_account\`. A line that is refused takes no
other along.`

function answerLine({ line }: TextLine, outcome: BulkOutcome): string {
  if (outcome.status !== 'error') return `${JSON.stringify({ line, ...outcome })}\n`
  const { code, message, fields } = outcome.error
  return `${JSON.stringify({ line, status: 'error', id: null, code, message, ...(fields ? { errors: fields } : {}) })}\n`
}

type Deps = { bulk: Bulk; settle: Settle; log: Log }

/** `/directory/bulk`: a book pushed line by line. Read no faster than it is written and its answers are taken. */
export function bulkRoutes(app: App, { bulk, settle, log }: Deps): void {
  const read = openBulkReader()
  const open = new Set<Readable>()
  const writing = new Set<Promise<unknown>>()
  let closing = false

  /** Writes a batch; a store that is away is said of each of its lines, and ends the answer. */
  const writeBatch = async (
    run: BulkRun,
    request: FastifyRequest,
    lines: TextLine[],
  ): Promise<{ text: string; goesOn: boolean }> => {
    try {
      const outcomes = await settle(await run.write(lines.map(read)))
      return { text: lines.map((line, i) => answerLine(line, outcomes[i]!)).join(''), goesOn: true }
    } catch (thrown) {
      const isKnown = thrown instanceof HubError
      log.error('a bulk ended early', { error: thrown, request_id: request.id })
      const error = isKnown ? thrown : new HubError('internal', 'Something went wrong on our side.')
      return {
        text: lines.map((line) => answerLine(line, { status: 'error', error })).join(''),
        goesOn: false,
      }
    }
  }

  async function* answers(request: FastifyRequest, body: Readable): AsyncGenerator<string> {
    const run = bulk.begin(actor(request))
    open.add(body)
    try {
      // The answer is still being sent when the last line was read: the socket must outlive the iteration.
      for await (const lines of readLines(body.iterator({ destroyOnReturn: false }), LIMITS)) {
        if (closing) return
        const batch = writeBatch(run, request, lines)
        writing.add(batch)
        const { text, goesOn } = await batch.finally(() => writing.delete(batch))
        yield text
        if (!goesOn) return
      }
    } catch (error) {
      // The client hung up: nobody is left to be told, and every batch that began is whole.
      if (!body.destroyed) throw error
    } finally {
      open.delete(body)
    }
  }

  void app.register(async (scope) => {
    const books = scope as unknown as App
    books.removeAllContentTypeParsers()
    books.addContentTypeParser(TYPE, { bodyLimit: NO_LIMIT }, (_request, payload, done) =>
      done(null, payload),
    )
    books.addHook('preClose', async () => {
      closing = true
      await Promise.all(writing)
      for (const body of open) body.destroy()
    })
    books.post(
      '/directory/bulk',
      {
        ...repeatable(needs('directory:write')),
        bodyLimit: NO_LIMIT,
        schema: {
          tags: ['bulk'],
          summary: 'Create, change and delete customers and contacts, line by line (NDJSON)',
          description: DESCRIPTION,
          consumes: [TYPE],
          response: { 200: { content: { [TYPE]: { schema: BulkAnswer } } } },
        },
      },
      async (request, reply) => {
        const { body } = request
        if (!(body instanceof Readable))
          throw new HubError('unsupported_media_type', `Send lines of JSON as ${TYPE}.`)
        return reply.type(TYPE).send(Readable.from(answers(request, body), { objectMode: false }) as never)
      },
    )
  })
}
