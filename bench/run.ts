import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** `npm run bench -- NAME [arguments]`: each bench is a file of its own that prints its table. */
const BENCHES: Record<string, string> = {
  lookup: 'identification over HTTP against a bare node:http server',
  workers: 'the same from one thread and from several',
  dialects: 'questions by number in every dialect against the identification route',
  'caller-index': 'the index alone at ten million numbers',
  'phone-number': 'reading numbers against the phone library',
  import: 'a book of a million rows',
  bulk: 'a book pushed line by line',
  erase: 'how long writers wait while somebody is forgotten in a large book',
  records: 'records of calls posted against a raw INSERT, and killed hubs',
  hydrate: 'a start without a snapshot: memory filled from a large book in the store',
  'two-hubs': 'two hubs on one PostgreSQL, killed again and again amid writes',
  work: 'due tasks claimed and completed against a bare SKIP LOCKED loop',
  'move-to': 'a store of a million contacts moved to PostgreSQL, killed on the way',
  'slow-store': 'lookups while PostgreSQL is stopped, slow, full and restarted',
  xapi: 'what a PBX can do, read from its description, cold and from the cache',
  rules: 'plans over the 500 inbound rules of a PBX, and one applied',
  trace: 'a snapshot of a PBX of 500 extensions, differences and traces, over HTTP',
  snapshot: 'memory written down and taken over, ten million numbers',
}

const [name, ...args] = process.argv.slice(2)
if (name === undefined || !Object.hasOwn(BENCHES, name)) {
  const lines = Object.entries(BENCHES).map(([one, what]) => `  ${one.padEnd(14)} ${what}`)
  process.stdout.write(`npm run bench -- NAME [arguments]\n\n${lines.join('\n')}\n`)
  process.exit(name === undefined ? 0 : 1)
}
const file = fileURLToPath(new URL(`./${name}.ts`, import.meta.url))
const { status } = spawnSync(process.execPath, ['--expose-gc', file, ...args], { stdio: 'inherit' })
process.exit(status ?? 1)
