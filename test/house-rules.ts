import { dirname, join } from 'node:path/posix'
import { MAY_IMPORT, MAY_IMPORT_BY_FILE, type Importable } from './house-table.ts'

/** A file of the house: its path from the root, with `/`, and its text. */
export type HouseFile = { path: string; text: string }

/** What is wrong with a file, in words: `path: reason`. */
export type Violation = string

type Import = { specifier: string; isType: boolean }

const CODE = /\.(?:ts|tsx|mts|mjs|js)$/
const TEST = /\.test\.tsx?$/

/** Every import that crosses a wall it may not cross. Test files see everything. */
export function checkImports(files: readonly HouseFile[]): Violation[] {
  return files.filter(({ path }) => CODE.test(path) && !TEST.test(path)).flatMap(checkImportsOf)
}

function checkImportsOf({ path, text }: HouseFile): Violation[] {
  const room = roomOf(path)
  if (room === null) return []
  const rules = MAY_IMPORT[room]
  if (rules === undefined)
    return [`${path}: the table of who may import whom does not know the room "${room}"`]
  const allowed = [...rules, ...(MAY_IMPORT_BY_FILE[path] ?? [])]
  return importsOf(text).flatMap((one) => {
    const reason = refusal(path, room, one, allowed)
    return reason === null ? [] : [`${path}: imports ${one.specifier}, but ${reason}`]
  })
}

function refusal(
  path: string,
  room: string,
  { specifier, isType }: Import,
  allowed: readonly Importable[],
): string | null {
  if (specifier.startsWith('node:')) {
    return allowed.includes('!database') && specifier === 'node:sqlite'
      ? `${room} may not know a database`
      : null
  }
  if (!specifier.startsWith('.')) return refusalOfPackage(room, specifier, allowed)
  const target = join(dirname(path), specifier)
  const targetRoom = roomOf(target)
  if (targetRoom === null) {
    return target === 'package.json' || allowed.includes('everything') ? null : 'it stands outside the rooms'
  }
  if (targetRoom === 'hub' && room !== 'hub') {
    const mayOpen = allowed.includes('hub') || (isType && allowed.includes('type hub'))
    return mayOpen ? null : 'only main.ts and the commands that run a hub open it'
  }
  if (allowed.includes('everything')) return null
  if (targetRoom === room)
    return dialectOf(path) !== dialectOf(target) && dialectOf(target) !== null && dialectOf(path) !== null
      ? 'a dialect never knows another one'
      : null
  if (allowed.includes(target) || (isType && allowed.includes(`type ${target}`))) return null
  if (
    targetRoom === 'platform' &&
    allowed.includes('!database') &&
    target.startsWith('server/platform/database')
  ) {
    return `${room} may not know the database`
  }
  if (!allowed.includes(targetRoom)) return `${room} may not know ${targetRoom}`
  return isDoor(target, targetRoom) ? null : `it is not the door of ${targetRoom}`
}

const DATABASES = /^(?:kysely|pg|better-sqlite3)(?:\/|$)/

function refusalOfPackage(room: string, specifier: string, allowed: readonly Importable[]): string | null {
  const only = allowed.filter((one) => one.startsWith('npm:')).map((one) => one.slice('npm:'.length))
  if (
    allowed.includes('npm only') &&
    !only.some((name) => specifier === name || specifier.startsWith(`${name}/`))
  ) {
    return `${room} takes no package${only.length > 0 ? ` but ${only.join(', ')}` : ''}`
  }
  return allowed.includes('!database') && DATABASES.test(specifier) ? `${room} may not know a database` : null
}

/** The room a file belongs to; null for what stands outside: scripts, tests, benches. */
function roomOf(path: string): string | null {
  const [first = '', second = ''] = path.split('/')
  if (first !== 'server')
    return ['contract', 'xapi', 'cli', 'console', 'pbx-simulator'].includes(first) ? first : null
  return CODE.test(second) ? second.replace(CODE, '') : second
}

function dialectOf(path: string): string | null {
  return /^server\/http\/dialects\/([^/]+)\//.exec(path)?.[1] ?? null
}

/** The door is the file with the room's name; every file of the platform, the contract and xapi is one. */
function isDoor(target: string, room: string): boolean {
  return ['platform', 'contract', 'xapi'].includes(room) || target === `server/${room}/${room}.ts`
}

const IMPORT = /^\s*(?:import|export)\s+(type\s)?(?:([^'";]*?)\s*from\s*)?['"]([^'"]+)['"]/gm
const OTHER_IMPORTS = [
  /\bimport\(\s*['"]([^'"]+)['"]/g,
  /\bnew URL\(\s*['"](\.[^'"]+\.(?:ts|mjs|js))['"]\s*,\s*import\.meta\.url/g,
]

function importsOf(source: string): Import[] {
  const text = source.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
  const statements = [...text.matchAll(IMPORT)].map(([, type, names = '', specifier = '']) => {
    const inBraces = /^\{([^}]*)\}$/
      .exec(names.trim())?.[1]
      ?.split(',')
      .filter((name) => name.trim() !== '')
    const isType = type !== undefined || (inBraces?.every((name) => /^\s*type\s/.test(name)) ?? false)
    return { specifier, isType }
  })
  const others = OTHER_IMPORTS.flatMap((pattern) => [...text.matchAll(pattern)])
  return [...statements, ...others.map(([, specifier = '']) => ({ specifier, isType: false }))]
}
