import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** As the launcher starts a hub: see bin/launch.mjs. The baselines get the same. */
const LAUNCHED = process.platform === 'linux' ? { GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1' } : {}

/** Linux counts processor time in hundredths of a second. */
const TICKS = 100

/** Servers are held on one core and the load on another, where the machine lets us say so. */
const canPin = spawnSync('taskset', ['-V']).status === 0

function command(cores: string, file: string, args: string[], nodeFlags: string[]): [string, string[]] {
  const node = [...nodeFlags, fileURLToPath(new URL(file, import.meta.url)), ...args]
  if (!canPin) return [process.execPath, node]
  return ['taskset', ['-c', cores, process.execPath, ...node]]
}

type ServerOptions = {
  args?: string[]
  nodeFlags?: string[]
  environment?: NodeJS.ProcessEnv
  /** Where it may run, in the words of taskset. */
  cores?: string
  output: 'pipe' | number
}

/** Starts a TypeScript file of ours, on core 0 unless told otherwise; `environment` is added to ours. */
export function startServer(
  file: string,
  { args = [], nodeFlags = [], environment = {}, cores = '0', output }: ServerOptions,
): ChildProcess {
  const [program, programArgs] = command(cores, file, args, nodeFlags)
  return spawn(program, programArgs, {
    env: { ...LAUNCHED, ...process.env, ...environment },
    stdio: ['ignore', output, 'inherit'],
  })
}

/** The first line a process prints. */
export async function firstLine(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('the process has no output')
  for await (const line of createInterface({ input: child.stdout })) return line
  throw new Error('the process printed nothing')
}

export async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await ended
}

export type LoadResult = {
  requests: number
  seconds: number
  wrong: number
  p50: number
  p99: number
  p999: number
  /** Seconds of processor time the generator itself took. */
  cpu: number
}

/** Runs the load generator, on core 1 unless told otherwise, against a port of this machine. */
export async function runLoad(options: {
  port: number
  connections: number
  seconds: number
  pathsFile: string
  expected: string
  token: string
  cores?: string
  /** Whether it may sleep while it waits. */
  sleeps?: boolean
}): Promise<LoadResult> {
  const { port, connections, seconds, pathsFile, expected, token, cores = '1', sleeps = false } = options
  const [program, args] = command(
    cores,
    './load.ts',
    [String(port), String(connections), String(seconds), pathsFile, expected, token, sleeps ? 'sleeps' : ''],
    [],
  )
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  return JSON.parse(await firstLine(child)) as LoadResult
}

/** Seconds of processor time a process has taken so far, all its threads; NaN where the system does not say. */
export function processorTime(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    return (Number(fields[11]) + Number(fields[12])) / TICKS
  } catch {
    return Number.NaN
  }
}

/** Resident memory of a process in MiB. */
export function residentMemory(pid: number): number {
  try {
    const kib = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return Math.round(Number(kib) / 1024)
  } catch {
    return Number.NaN
  }
}

export const median = (values: number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
