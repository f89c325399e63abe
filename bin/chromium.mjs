import { existsSync } from 'node:fs'

const USUAL = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** The browser of the journeys: the one `CHROMIUM_PATH` names, else the system's; null when there is none. */
export function findChromium(environment = process.env) {
  const { CHROMIUM_PATH: named } = environment
  if (named) return existsSync(named) ? named : null
  return USUAL.find((path) => existsSync(path)) ?? null
}
