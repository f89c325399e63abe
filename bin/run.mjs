#!/usr/bin/env node
import { launch } from './launch.mjs'

const [script, ...args] = process.argv.slice(2)
if (script === undefined) {
  process.stderr.write('usage: node bin/run.mjs <script> [arguments]\n')
  process.exitCode = 1
} else {
  launch(script, args)
}
