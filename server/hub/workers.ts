import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Access } from '../access/access.ts'
import type { BackDoorAddress } from '../http/back-door.ts'
import type { Config } from '../platform/config.ts'
import type { Log } from '../platform/log.ts'
import type { Metrics } from '../platform/metrics.ts'
import type { SharedMemory } from './shared-memory.ts'
import { checkSharedPort, hostsOf, urlOf } from './shared-port.ts'
import type { FromWorker, ToWorker, WorkerSettings } from './worker-thread.ts'

const SHORTEST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5_000
/** A worker that lived this long died of something new. */
const SETTLED_MS = 60_000
/** Metrics wait no longer for a worker that does not answer. */
const COUNTED_WITHIN_MS = 5_000

/** Where workers find the hub: a socket in a directory of its own, which nobody else may enter. */
export async function newBackDoor(): Promise<BackDoorAddress & { remove(): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'cordboard-'))
  return {
    path: join(directory, 'hub.sock'),
    secret: randomBytes(32).toString('hex'),
    remove: () => rm(directory, { recursive: true, force: true }),
  }
}

export type WorkersOptions = {
  count: number
  config: Config
  door: BackDoorAddress
  memory: SharedMemory
  access: Pick<Access, 'used'>
  log: Log
  metrics: Metrics
}

/** The threads that listen. */
export type Workers = {
  url: string
  state(): { wanted: number; listening: number }
  /** The thread of a worker, for tests that end it. */
  thread(worker: number): Worker | null
  /** Takes no more connections, and resolves when the last request was answered. */
  close(): Promise<void>
}

type Running = { thread: Worker; port: Promise<number>; ended: Promise<void> }

/** Starts the workers and keeps them running; rejects when one of them cannot start. */
export async function openWorkers(options: WorkersOptions): Promise<Workers> {
  const { count, config, door, memory, access, log, metrics } = options
  const { listen, country, timeZone } = config
  const hosts = await hostsOf(listen.host)
  await checkSharedPort(hosts, listen.port)
  const running = new Map<number, Running>()
  const listening = new Set<number>()
  const awaited = new Map<number, () => void>()
  let port = listen.port
  let closing = false
  let asked = 0

  const hear = (worker: number, message: Exclude<FromWorker, { kind: 'listening' | 'refused' }>) => {
    switch (message.kind) {
      case 'lines':
        return log.accessText(message.text)
      case 'fault':
        return log.error(message.message, { ...message.fields, worker })
      case 'counts':
        metrics.add(worker, message.counts)
        for (const id of message.usedTokens) access.used(id)
        if (message.asked !== null) awaited.get(message.asked)?.()
    }
  }

  const start = (worker: number): Running => {
    const pass = memory.join(worker)
    const settings: WorkerSettings = {
      pass,
      hosts,
      port,
      tls: listen.tls,
      door: { path: door.path, secret: door.secret },
      defaults: { country, timeZone },
      publicUrl: config.publicUrl,
      accessLines: config.logLevel === 'debug' || config.logLevel === 'info',
    }
    const thread = new Worker(new URL('./worker-thread.ts', import.meta.url), {
      workerData: settings,
      transferList: [pass.port],
    })
    const opened = Promise.withResolvers<number>()
    const gone = Promise.withResolvers<void>()
    let fault: unknown = null
    thread.on('message', (message: FromWorker) => {
      if (message.kind === 'refused') fault = message.error
      else if (message.kind === 'listening') {
        listening.add(worker)
        opened.resolve(message.port)
      } else hear(worker, message)
    })
    thread.on('error', (error) => (fault = error))
    thread.on('exit', () => {
      running.delete(worker)
      listening.delete(worker)
      memory.leave(worker)
      opened.reject(fault ?? new Error('the worker ended before it listened'))
      gone.resolve()
      if (!closing && fault !== null) log.error('a worker ended', { worker, error: fault })
    })
    const one = { thread, port: opened.promise, ended: gone.promise }
    running.set(worker, one)
    return one
  }

  /** Starts a worker again as often as it ends, after longer and longer pauses while it does not last. */
  const keep = async (worker: number, first: Running) => {
    let pause = SHORTEST_PAUSE_MS
    for (let one = first; ; one = start(worker)) {
      const started = Date.now()
      await one.port.then(
        () => one !== first && log.info('a worker took the place of one that ended', { worker }),
        () => {},
      )
      await one.ended
      if (closing) return
      pause = Date.now() - started > SETTLED_MS ? SHORTEST_PAUSE_MS : Math.min(LONGEST_PAUSE_MS, pause * 2)
      log.warn('a worker is started again', { worker, in_ms: pause })
      await new Promise((resolve) => setTimeout(resolve, pause).unref())
      if (closing) return
    }
  }

  const close = async () => {
    closing = true
    const all = [...running.values()]
    for (const { thread } of all) thread.postMessage({ kind: 'close' } satisfies ToWorker)
    await Promise.all(all.map(({ ended }) => ended))
  }

  try {
    // The first one finds the port where none is named.
    const first = start(0)
    port = await first.port
    const others = Array.from({ length: count - 1 }, (_, i) => start(i + 1))
    const all = [first, ...others]
    await Promise.all(all.map((one) => one.port))
    for (const [worker, one] of all.entries()) void keep(worker, one)
  } catch (error) {
    await close()
    throw error
  }

  metrics.gather(async () => {
    const counted = [...running.values()].map(({ thread }) => {
      const number = ++asked
      return new Promise<void>((resolve) => {
        const late = setTimeout(resolve, COUNTED_WITHIN_MS)
        awaited.set(number, () => {
          clearTimeout(late)
          resolve()
        })
        thread.postMessage({ kind: 'count', asked: number } satisfies ToWorker)
      }).finally(() => awaited.delete(number))
    })
    await Promise.all(counted)
  })

  return {
    url: urlOf(hosts, port, listen.tls !== null),
    state: () => ({ wanted: count, listening: listening.size }),
    thread: (worker) => running.get(worker)?.thread ?? null,
    close,
  }
}
