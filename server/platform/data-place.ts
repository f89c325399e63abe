import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where this program stands: what decides the default data directory. */
export type Place = {
  /** The directory of a file of ours. */
  code: string
  platform: NodeJS.Platform
  home: string
  variables: Record<string, string | undefined>
}

export function thisPlace(): Place {
  const code = dirname(fileURLToPath(import.meta.url))
  return { code, platform: process.platform, home: homedir(), variables: process.env }
}

/** The checkout's `data/`, or the platform's state directory when the program was installed as a package. Absolute. */
export function defaultDataDir(place: Place): string {
  const checkout = findCheckout(place.code)
  return checkout === null ? stateDirectory(place) : join(checkout, 'data')
}

function findCheckout(directory: string): string | null {
  if (directory.split(sep).includes('node_modules')) return null
  if (isCheckout(directory)) return directory
  const parent = dirname(directory)
  return parent === directory ? null : findCheckout(parent)
}

function isCheckout(directory: string): boolean {
  const file = join(directory, 'package.json')
  if (!existsSync(file)) return false
  const { name } = JSON.parse(readFileSync(file, 'utf8')) as { name?: string }
  return (
    name === 'cordboard' && (existsSync(join(directory, '.git')) || existsSync(join(directory, 'server')))
  )
}

function stateDirectory({ platform, home, variables }: Place): string {
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'Cordboard')
  if (platform === 'win32')
    return join(variables['LOCALAPPDATA'] || join(home, 'AppData', 'Local'), 'Cordboard')
  return join(variables['XDG_STATE_HOME'] || join(home, '.local', 'state'), 'cordboard')
}
