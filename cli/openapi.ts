import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openHub } from '../server/hub.ts'
import { envToConfig } from '../server/platform/config.ts'
import { readEnv } from '../server/platform/env.ts'
import { openLog } from '../server/platform/log.ts'

/** `npm run openapi`: writes the API's description, as a running hub gives it, to openapi.json. */
const directory = await mkdtemp(join(tmpdir(), 'cordboard-openapi-'))
try {
  const { config, secrets } = envToConfig(readEnv({ CORDBOARD_DATA_DIR: directory, CORDBOARD_PORT: '0' }))
  const hub = await openHub({ config, secrets, log: openLog({ level: 'silent' }) })
  const description = await (await fetch(`${hub.url}/openapi.json`)).json()
  await hub.close()
  await writeFile(new URL('../openapi.json', import.meta.url), `${JSON.stringify(description, null, 2)}\n`)
} finally {
  await rm(directory, { recursive: true, force: true })
}
process.exit(0)
