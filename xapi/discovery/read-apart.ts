import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { XapiError } from '../errors.ts'
import type { OperationIndex } from '../operations/operation.ts'
import { hashOf } from './hash.ts'
import type { Source } from './sources.ts'

type Told = { index: OperationIndex } | { error: string }

/** A description that needs more memory than this to be read is meant to hurt. */
const MOST_MEGABYTES = 256
/** What Node needs of the environment to start; nothing else is anybody's business. */
const ENVIRONMENT = ['PATH', 'LD_LIBRARY_PATH', 'SystemRoot', 'TEMP']

/** At most this many processes read at once, however many PBXs there are. */
const MOST_AT_ONCE = 2
let reading = 0
const waiting: (() => void)[] = []
/** What is being read, by the hash of its bytes: a fleet of one build is read once. */
const underWay = new Map<string, Promise<OperationIndex>>()

/**
 * Reads a description into its index, in a process of its own: it takes most of a second, which nobody else should wait
 * for, memory that a thread would leave behind, and with a hostile one any amount of both.
 */
export function readApart(bytes: Uint8Array, source: Source, timeoutMs: number): Promise<OperationIndex> {
  const key = `${source} ${hashOf(bytes)}`
  const index = underWay.get(key) ?? inTurn(() => readInProcess(bytes, source, timeoutMs))
  underWay.set(key, index)
  void index.catch(() => {}).then(() => underWay.delete(key))
  return index
}

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (reading >= MOST_AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve))
  else reading++
  try {
    return await work()
  } finally {
    const next = waiting.shift()
    if (next === undefined) reading--
    else next()
  }
}

async function readInProcess(bytes: Uint8Array, source: Source, timeoutMs: number): Promise<OperationIndex> {
  const flags = [
    `--max-old-space-size=${MOST_MEGABYTES}`,
    '--max-semi-space-size=8',
    '--disable-warning=ExperimentalWarning',
  ]
  const program = fileURLToPath(new URL('./reader-process.ts', import.meta.url))
  const child = spawn(process.execPath, [...flags, program, source], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: Object.fromEntries(ENVIRONMENT.map((name) => [name, process.env[name]])),
    windowsHide: true,
  })
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    child.kill('SIGKILL')
  }, timeoutMs)
  try {
    child.stdin.on('error', () => {})
    child.stdin.end(bytes)
    const [answer] = await Promise.all([text(child.stdout), once(child, 'close')])
    if (isLate) throw unreadable(source, `reading it takes longer than ${timeoutMs} ms`)
    if (answer === '') throw unreadable(source, `reading it takes more than ${MOST_MEGABYTES} MB`)
    const told = JSON.parse(answer) as Told
    if ('error' in told) throw unreadable(source, told.error)
    return told.index
  } catch (error) {
    throw error instanceof XapiError ? error : unreadable(source, 'no process could be started to read it')
  } finally {
    clearTimeout(timer)
    child.kill('SIGKILL')
  }
}

function unreadable(source: Source, words: string): XapiError {
  return new XapiError('description', `The PBX's ${source} is no usable description: ${words}.`, {
    operation: source,
    reason: 'unreadable',
  })
}
