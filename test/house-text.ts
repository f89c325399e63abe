import type { HouseFile, Violation } from './house-rules.ts'
import { FOREIGN_NAMES, LONG_LISTS } from './house-table.ts'

const LONGEST_FILE = 300
const CODE = /\.(?:ts|tsx|mts|mjs|js|css)$/
const TEST = /\.test\.tsx?$/
const EMPTY_WORDS = new Set([
  'util',
  'utils',
  'helper',
  'helpers',
  'manager',
  'managers',
  'service',
  'services',
  'base',
])

/** Places of one machine, and registries in lock files. Written so that this file does not hold them itself. */
const MACHINE_PLACES = [/(?<![\w.-])\/(?:work|tmp|root|Users)\/[\w.-]+/, /(?<![\w.])\/home\/[\w.-]+/]
const REGISTRIES = [/"resolved":\s*"https?:/, /https?:\/\/[\w.-]*registry[\w.-]*[/:]/]

/** Length and names of code files. */
export function checkShape(files: readonly HouseFile[]): Violation[] {
  return files
    .filter(({ path }) => CODE.test(path))
    .flatMap(({ path, text }) => {
      const lines = text.trimEnd().split('\n').length
      const isTooLong = lines > LONGEST_FILE && !TEST.test(path) && !LONG_LISTS.includes(path)
      const word = emptyWordIn(path)
      return [
        ...(isTooLong ? [`${path}: ${lines} lines, more than ${LONGEST_FILE}`] : []),
        ...(word !== null && !FOREIGN_NAMES.includes(path)
          ? [`${path}: "${word}" does not say what is in it`]
          : []),
      ]
    })
}

function emptyWordIn(path: string): string | null {
  const name = path.split('/').at(-1) ?? ''
  return (
    name
      .toLowerCase()
      .split(/[-._]/)
      .find((word) => EMPTY_WORDS.has(word)) ?? null
  )
}

/** What belongs in no tracked file: places of one machine, registries, and API descriptions that are not generated. */
export function checkPlaces(files: readonly HouseFile[]): Violation[] {
  return files.flatMap(({ path, text }) => {
    const place = MACHINE_PLACES.map((pattern) => pattern.exec(text)?.[0]).find(
      (found) => found !== undefined,
    )
    const registry = REGISTRIES.some((pattern) => pattern.test(text))
    const isApiDescription =
      /\.ya?ml$/.test(path) && (/swagger|openapi/i.test(path) || /^(?:swagger|openapi):/m.test(text))
    return [
      ...(place === undefined ? [] : [`${path}: names a place of one machine, ${place}`]),
      ...(registry ? [`${path}: names a package registry`] : []),
      ...(isApiDescription ? [`${path}: the API is described by openapi.json, which is generated`] : []),
    ]
  })
}

const LEFT_OUT = /\b(?:test|it|describe|suite)\.(?:only|skip)\b|\b(?:only|skip): true\b/

/** Tests that were taken out, or that take the others out. */
export function checkTests(files: readonly HouseFile[]): Violation[] {
  return files
    .filter(({ path, text }) => TEST.test(path) && LEFT_OUT.test(text))
    .map(({ path, text }) => `${path}: "${LEFT_OUT.exec(text)?.[0]}" leaves tests out`)
}
