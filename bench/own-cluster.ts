import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, chmod, mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'

/** A PostgreSQL server of the bench's own, that it may stop, starve and fill. */
export type Cluster = {
  port: number
  /** Of a database made for this bench; `port` stands between for a proxy. */
  url(port?: number): string
  start(): Promise<void>
  /** `fast` ends connections and writes a checkpoint; `immediate` is as good as a crash. */
  stop(mode: 'fast' | 'immediate'): Promise<void>
  restart(): Promise<void>
}

const isRoot = process.getuid?.() === 0

/** PostgreSQL refuses to run as root: there it is run as the user its package made. */
async function asOwner(program: string, args: string[]): Promise<void> {
  const [command, all] = isRoot ? ['runuser', ['-u', 'postgres', '--', program, ...args]] : [program, args]
  const child = spawn(command, all, { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr?.on('data', (chunk) => (said += String(chunk)))
  const [code] = (await once(child, 'exit')) as [number]
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${said}`)
}

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  return typeof address === 'object' && address ? address.port : 0
}

/** Makes and starts a cluster in `directory`, which only it uses; `programs` is where PostgreSQL's programs are. */
export async function newCluster(directory: string, programs: string): Promise<Cluster> {
  const port = await freePort()
  const data = join(directory, 'data')
  await mkdir(directory, { recursive: true })
  await chmod(directory, 0o777)
  await asOwner(join(programs, 'initdb'), ['-D', data, '-U', 'cordboard', '-A', 'trust', '-E', 'UTF8'])
  await appendFile(
    join(data, 'postgresql.conf'),
    `port = ${port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\n`,
  )
  const control = (...args: string[]) => asOwner(join(programs, 'pg_ctl'), ['-D', data, '-w', ...args])
  // Its log lies beside it, where there is room for it when there is none inside.
  const log = `${directory}.log`
  await writeFile(log, '')
  await chmod(log, 0o666)
  const url = (through = port) => `postgres://cordboard@127.0.0.1:${through}/postgres`
  const start = () => control('-l', log, 'start')
  const stop = (mode: 'fast' | 'immediate') => control('-m', mode, 'stop')
  await start()
  return {
    port,
    url,
    start,
    stop,
    async restart() {
      await stop('fast')
      await start()
    },
  }
}

/** A file system of that many MiB in memory, to be filled; null where this user may not mount one. */
export async function newSmallDisk(directory: string, mebibytes: number): Promise<(() => void) | null> {
  await mkdir(directory, { recursive: true })
  const mounted = spawnSync('mount', [
    '-t',
    'tmpfs',
    '-o',
    `size=${mebibytes}m,mode=0777`,
    'tmpfs',
    directory,
  ])
  return mounted.status === 0 ? () => void spawnSync('umount', ['-l', directory]) : null
}
