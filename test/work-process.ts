import { openStore, type StoreAddress } from '../server/platform/database/store.ts'
import { openLog } from '../server/platform/log.ts'
import { openWork, type WorkTables } from '../server/platform/work/work.ts'
import { LEASE_MS } from './work-hubs.ts'

/** See `startWorkProcess`. */
const say = (line: string) => process.stdout.write(`${line}\n`)
const store = await openStore<WorkTables>({ address: JSON.parse(process.argv[2] ?? '') as StoreAddress })
const work = openWork({
  store,
  log: openLog({ level: 'silent' }),
  leaseMs: LEASE_MS,
  pollMs: 20,
  onTrouble: (error) => say(`trouble ${String(error)}`),
})
work.handle({
  kind: 'hang',
  async run({ id }) {
    say(`begun ${id}`)
    await new Promise(() => {})
  },
})
await work.start(1)
say('ready')
