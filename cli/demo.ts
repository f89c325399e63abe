import { mkdtemp, rm, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openHub } from '../server/hub.ts'
import { envToConfig } from '../server/platform/config.ts'
import { readEnv } from '../server/platform/env.ts'
import { openLog } from '../server/platform/log.ts'
import { loadSampleBook } from '../server/sample-book.ts'

/**
 * `npm run demo`: a hub in a throw-away directory with the sample book in it, and requests ready to paste. Leaves
 * nothing behind when it is stopped.
 */
const directory = await mkdtemp(join(tmpdir(), 'cordboard-demo-'))
// Of the environment only where to listen: nothing of a demo may reach a real store.
const { CORDBOARD_HOST, CORDBOARD_PORT } = process.env
const { config, secrets } = envToConfig(
  readEnv({
    ...(CORDBOARD_HOST === undefined ? {} : { CORDBOARD_HOST }),
    CORDBOARD_PORT: CORDBOARD_PORT ?? '0',
    CORDBOARD_DATA_DIR: directory,
    CORDBOARD_LOG_LEVEL: 'warn',
  }),
)
const log = openLog({ level: config.logLevel })
try {
  const hub = await openHub({ config, secrets, log })
  const token = (await readFile(hub.tokenFile ?? '', 'utf8')).trim()
  const ask = (route: string, query: string) => `  curl "${hub.url}/api/${route}?${query}&token=${token}"`
  process.stdout.write(`The sample book: ${await loadSampleBook(hub)}

${ask('isKnownPhoneNumber', 'phoneNumber=0199001010')}
${ask('isVipByPhoneNumber', 'phoneNumber=%2B33639981010&format=raw')}
${ask('hasOnCallDutyContractByCustomerAccount', 'customerAccount=102&full=1')}

The whole API: ${hub.url}/docs      Stop with Ctrl-C.
`)
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve)
    process.once('SIGTERM', resolve)
  })
  await hub.close()
} finally {
  await rm(directory, { recursive: true, force: true })
}
process.exit(0)
