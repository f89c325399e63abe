import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** Servers are held on one core and the load on another, where the machine lets us say so. */
const canPin = spawnSync('taskset', ['-V']).status === 0

function command(core: number | null, file: string, args: string[], nodeFlags: string[]): [string, string[]] {
  const node = [...nodeFlags, fileURLToPath(new URL(file, import.meta.url)), ...args]
  if (!canPin || core === null) return [process.execPath, node]
  return ['taskset', ['-c', String(core), process.execPath, ...node]]
}

type ServerOptions = {
  args?: string[]
  nodeFlags?: string[]
  environment?: NodeJS.ProcessEnv
  output: 'pipe' | number
  /** On any core. */
  free?: boolean
}

/** Starts a TypeScript file of ours on core 0 unless `free`; `environment` is added to ours. */
export function startServer(
  file: string,
  { args = [], nodeFlags = [], environment = {}, output, free = false }: ServerOptions,
): ChildProcess {
  const [program, programArgs] = command(free ? null : 0, file, args, nodeFlags)
  return spawn(program, programArgs, {
    env: { ...process.env, ...environment },
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
}

/** Runs the load generator on core 1 against a port of this machine. */
export async function runLoad(options: {
  port: number
  connections: number
  seconds: number
  pathsFile: string
  expected: string
  token: string
}): Promise<LoadResult> {
  const { port, connections, seconds, pathsFile, expected, token } = options
  const [program, args] = command(
    1,
    './load.ts',
    [String(port), String(connections), String(seconds), pathsFile, expected, token],
    [],
  )
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  return JSON.parse(await firstLine(child)) as LoadResult
}

export const median = (values: number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
