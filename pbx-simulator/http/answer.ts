import type { FastifyReply } from 'fastify'
import { answerList, answerOne, type QueryText } from '../odata/query.ts'
import type { Answer } from '../model/pbx.ts'

/** Sets refuse a larger `$top`, and give no more rows at once. */
const MOST_ROWS = 100
const REPORT_PAGE = 20_000

type Asked = { root: string; path: string; query: QueryText; topLimit: number | null }

/** The address of the rest of a list. */
function nextLink({ root, path, query }: Asked, skip: number): string {
  const options = new URLSearchParams([...query].filter(([name]) => name !== '$skip'))
  const top = query.get('$top')
  if (top !== undefined)
    options.set('$top', String(Math.max(0, Number(top) - (skip - Number(query.get('$skip') ?? 0)))))
  options.set('$skip', String(skip))
  return `${root}/${path}?${options.toString().replaceAll('+', '%20')}`
}

/** Sends what an operation answered, as OData writes it. */
export function sendAnswer(reply: FastifyReply, answer: Answer, asked: Asked): unknown {
  const context = (name: string): string => `${asked.root}/$metadata#${name}`
  switch (answer.kind) {
    case 'nothing':
      return reply.code(204).send()
    case 'value':
      return reply.send({ '@odata.context': context(answer.context), value: answer.value })
    case 'file':
      return reply
        .header('content-type', answer.type)
        .header(
          'content-disposition',
          `attachment; filename="${asciiName(answer.name)}"; filename*=UTF-8''${encodeURIComponent(answer.name)}`,
        )
        .send(answer.bytes)
    case 'one': {
      if (answer.location !== undefined) reply.header('location', `${asked.root}/${answer.location}`)
      const row = answerOne(answer.row, asked.query, answer.shape)
      return reply.code(answer.status ?? 200).send({ '@odata.context': context(answer.context), ...row })
    }
    case 'list': {
      const maxTop = asked.topLimit ?? answer.maxTop ?? MOST_ROWS
      const pageSize = answer.maxTop === undefined ? MOST_ROWS : REPORT_PAGE
      const page = answerList(answer.rows, asked.query, answer.shape, { maxTop, pageSize })
      const name = page.columns === null ? answer.context : `${answer.context}(${page.columns})`
      return reply.send({
        '@odata.context': context(name),
        ...(page.count === null ? {} : { '@odata.count': page.count }),
        value: page.rows,
        ...(page.next === null ? {} : { '@odata.nextLink': nextLink(asked, page.next) }),
      })
    }
  }
}

const asciiName = (name: string): string => name.replaceAll(/[^\x20-\x7E]|["\\]/g, '_')
