/**
 * What a room may import, besides itself and Node: a room (through its door), one file by its path, either only as a
 * type (`type path`); `everything`; `!database` takes the databases out again; `npm only` with `npm:name` names the
 * only packages; `hub` and `type hub` open server/hub.ts.
 */
export type Importable = string

/** Who may import whom, as ARCHITECTURE.md tells it. */
export const MAY_IMPORT: Readonly<Record<string, readonly Importable[]>> = {
  contract: ['npm only', 'npm:typebox'],
  xapi: ['npm only', 'npm:undici', 'npm:ws', 'npm:yaml'],
  'pbx-simulator': [
    'npm only',
    'npm:fastify',
    'npm:@fastify/formbody',
    'npm:@fastify/multipart',
    'npm:fast-xml-parser',
    'npm:ws',
    'npm:yaml',
  ],
  console: ['contract'],
  cli: ['contract', 'npm only'],
  platform: ['contract'],
  migrations: ['npm only', 'npm:kysely'],
  access: ['contract', 'platform'],
  directory: ['contract', 'platform'],
  routing: ['contract', 'platform'],
  fleet: ['contract', 'platform', 'xapi'],
  journal: ['contract', 'platform', 'directory', 'fleet'],
  live: ['contract', 'platform', 'directory', 'fleet', 'journal', 'xapi'],
  connectors: [
    'contract',
    'xapi',
    'server/platform/http-client.ts',
    'server/platform/errors.ts',
    'type server/directory/caller-source.ts',
    'type server/journal/call-recorder.ts',
    '!database',
  ],
  http: [
    'contract',
    'platform',
    'access',
    'directory',
    'routing',
    'fleet',
    'connectors',
    'journal',
    'live',
    '!database',
  ],
  hub: ['everything'],
  main: ['hub', 'platform', 'server/sample-book.ts'],
  'sample-book': ['type hub'],
}

const RUNS_A_HUB = ['hub', 'platform', 'server/sample-book.ts', 'server/main.ts']
const WORKS_ON_THE_STORE = ['platform', 'migrations']

/** Commands that are no client of a hub but run one, or work on the store itself. */
export const MAY_IMPORT_BY_FILE: Readonly<Record<string, readonly Importable[]>> = {
  'cli/main.ts': ['server/main.ts'],
  'cli/serve.ts': RUNS_A_HUB,
  'cli/demo.ts': RUNS_A_HUB,
  'cli/openapi.ts': RUNS_A_HUB,
  'cli/rewrap.ts': WORKS_ON_THE_STORE,
  'cli/backup.ts': WORKS_ON_THE_STORE,
  'cli/doctor.ts': WORKS_ON_THE_STORE,
  'cli/restore.ts': WORKS_ON_THE_STORE,
  'cli/move-to.ts': WORKS_ON_THE_STORE,
}

/** Lists, which may be longer than other files. */
export const LONG_LISTS: readonly string[] = []

/** Files that carry a name of somebody else's contract. */
export const FOREIGN_NAMES: readonly string[] = ['server/http/api/helpers.ts']
