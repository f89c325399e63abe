import type { FastifyReply } from 'fastify'
import type { Download } from '../../fleet/fleet.ts'

/** As a file to be kept: what a PBX sends is never shown as a page of ours. */
export function sendFile(
  reply: FastifyReply,
  { contentType, fileName, length, body }: Download,
): FastifyReply {
  const name = encodeURIComponent(fileName ?? 'answer').replaceAll(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16)}`,
  )
  reply
    .type(contentType)
    .header('content-disposition', `attachment; filename*=UTF-8''${name}`)
    .header('x-content-type-options', 'nosniff')
    .header('content-security-policy', 'sandbox')
  if (length !== null) reply.header('content-length', length)
  return reply.send(body)
}
