#!/usr/bin/env node
// node bin/start.mjs [options of Node] <script>: as bin/run.mjs, after the console was built if it is missing or outdated.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'
import { isBuilt } from './console-sources.mjs'
import { launch, nodeHere } from './launch.mjs'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']

const root = fileURLToPath(new URL('..', import.meta.url))
const node = nodeHere()
// Without a Node to run on, `launch` says what is missing.
if (node !== null && !isBuilt(root)) await buildConsole(node)
const [script, ...args] = process.argv.slice(2)
launch(script, args)

/** A hub without pages still answers its callers: what goes wrong here is told and does not stop it. */
async function buildConsole(node) {
  process.stderr.write('Building the console, once for each version of it …\n')
  const builder = fileURLToPath(new URL('./console-build.mjs', import.meta.url))
  const child = spawn(node, [builder], { stdio: ['ignore', 2, 2], cwd: root })
  const listeners = SIGNALS.map((name) => [name, () => stop(child, name)])
  for (const [name, listener] of listeners) process.on(name, listener)
  const code = await once(child, 'exit').then(
    ([status]) => status,
    () => 1,
  )
  for (const [name, listener] of listeners) process.removeListener(name, listener)
  if (code !== 0) {
    process.stderr.write(
      'warning: the console could not be built, so the hub starts without its pages. Once the reason above is mended,\n' +
        '         run "npm run build" (as a user who may write to this directory) and start again.\n',
    )
  }
}

function stop(child, name) {
  child.kill('SIGTERM')
  process.exit(128 + constants.signals[name])
}
