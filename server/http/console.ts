import type { FastifyReply, FastifyRequest } from 'fastify'
import { PAGES } from '../../contract/pages.ts'
import { needs, type App } from './app.ts'
import type { ConsoleFile, ConsoleFiles } from './console-files.ts'

/** Scripts, styles and answers of this host and nothing else; nobody may frame the pages. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

const SAFETY = {
  'content-security-policy': POLICY,
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
}

const FOR_A_YEAR = 'public, max-age=31536000, immutable'

const NOT_BUILT = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Cordboard</title>
<h1>The pages of this hub are not built</h1>
<p>The hub itself runs and answers. To get its pages, run <code>npm run build</code> in its directory and start it again.</p>
<p><a href="/docs">The API</a></p>
</html>
`

/** The console: built files from memory, the same document at every page's address. All of it is public; its data is not. */
export function consoleRoutes(app: App, files: ConsoleFiles | null): void {
  const options = { ...needs('public'), schema: { hide: true } }
  for (const url of Object.values(PAGES)) {
    app.route({
      method: ['GET', 'HEAD'],
      url,
      ...options,
      handler: (request, reply) => {
        const index = files?.get('index.html')
        if (index) return send(request, reply, index)
        return reply
          .headers({ ...SAFETY, 'cache-control': 'no-store', 'content-type': 'text/html; charset=utf-8' })
          .send(NOT_BUILT)
      },
    })
  }
  for (const [path, file] of files ?? []) {
    if (path === 'index.html') continue
    app.route({
      method: ['GET', 'HEAD'],
      url: `/${path}`,
      ...options,
      handler: (request, reply) => send(request, reply, file),
    })
  }
}

function send(request: FastifyRequest, reply: FastifyReply, file: ConsoleFile): FastifyReply {
  const { body, encoding } = packed(file, String(request.headers['accept-encoding'] ?? ''))
  reply.headers({
    ...SAFETY,
    'cache-control': file.hashed ? FOR_A_YEAR : 'no-cache',
    'content-type': file.type,
    etag: file.etag,
    vary: 'Accept-Encoding',
  })
  if (request.headers['if-none-match']?.includes(file.etag)) return reply.code(304).send()
  if (encoding !== null) reply.header('content-encoding', encoding)
  return reply.send(body)
}

/** The smallest form the client takes. */
function packed(file: ConsoleFile, accepted: string): { body: Buffer; encoding: 'br' | 'gzip' | null } {
  if (file.br && /\bbr\b(?!\s*;\s*q=0(?:\.0*)?(?:,|$))/.test(accepted))
    return { body: file.br, encoding: 'br' }
  if (file.gzip && /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?(?:,|$))/.test(accepted))
    return { body: file.gzip, encoding: 'gzip' }
  return { body: file.plain, encoding: null }
}
