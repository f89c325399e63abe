import type { Json, Row } from '../snapshots/canonical.ts'
import { isRow, textOf } from '../trace/world.ts'
import type { Problems } from './problems.ts'
import { readCsv } from './csv-form.ts'
import { readYamlTree, type WrittenFile } from './yaml-tree.ts'

/** One rule of a file, not yet looked at. */
export type WrittenRule = {
  /** `rules[3]`, `hosts.PBX-1.rules[3]`, `row 4`. */
  place: string
  line: number | null
  fields: { readonly [name: string]: Json }
}

/** What a file says of one PBX; `host` null = of the one it is sent to. */
export type FilePart = {
  host: string | null
  place: string
  partial: boolean
  reorder: boolean
  rules: readonly WrittenRule[]
}

export type FileFormat = 'yaml' | 'csv' | 'json'

const AT_TOP = ['format', 'host', 'hosts', 'partial', 'reorder', 'rules']
const OF_A_HOST = ['partial', 'reorder', 'rules']
const FORMAT = '1'
const MOST_RULES = 20_000
const MOST_HOSTS = 1_000

/** `true`, `yes`, `1` and their opposites; undefined for what is neither. */
export function readTruth(value: Json | undefined): boolean | undefined {
  const text = typeof value === 'boolean' ? String(value) : textOf(value).trim().toLowerCase()
  if (['true', 'yes', 'on', '1'].includes(text)) return true
  return ['false', 'no', 'off', '0'].includes(text) ? false : undefined
}

/** Reads a file of rules into what it says of each PBX; what is wrong goes to `problems`. A JSON text is one that can be read. */
export function readRuleFile(text: string, format: FileFormat, problems: Problems): FilePart[] {
  if (format === 'csv') return partsOfRows(readCsv(text, problems))
  if (format === 'json') return partsOf({ root: JSON.parse(text) as Json, lineOf: () => null }, problems)
  const file = readYamlTree(text, problems)
  return problems.any() ? [] : partsOf(file, problems)
}

function partsOf(file: WrittenFile, problems: Problems): FilePart[] {
  const { root, lineOf } = file
  if (!isRow(root)) {
    problems.add('file', lineOf(root), 'A file of rules is a map with rules: and what they are for.')
    return []
  }
  refuseUnknown(root, AT_TOP, '', lineOf(root), problems)
  if (root['format'] !== undefined && root['format'] !== null && textOf(root['format']) !== FORMAT)
    problems.add('format', null, `This hub reads format ${FORMAT} of rules.`)
  const flags = flagsOf(root, '', { partial: false, reorder: false }, problems)
  const { host, hosts } = root
  if (host !== undefined && hosts !== undefined)
    problems.add('hosts', lineOf(hosts), 'Either host: for one PBX, or hosts: for several.')
  if (isRow(hosts)) {
    if (root['rules'] !== undefined)
      problems.add(
        'rules',
        lineOf(root['rules']),
        'Each PBX below hosts: has its own rules: here they have no place.',
      )
    const named = Object.entries(hosts)
    if (named.length > MOST_HOSTS)
      problems.add('hosts', lineOf(hosts), `A file is for at most ${MOST_HOSTS} PBXs.`)
    return named.slice(0, MOST_HOSTS).flatMap(([name, of]) => {
      const place = `hosts.${name}`
      if (!isRow(of)) {
        problems.add(place, lineOf(of), 'Is a map with rules:.')
        return []
      }
      refuseUnknown(of, OF_A_HOST, `${place}.`, lineOf(of), problems)
      const own = flagsOf(of, `${place}.`, flags, problems)
      return [{ host: name, place, ...own, rules: rulesOf(of['rules'], `${place}.rules`, file, problems) }]
    })
  }
  const rules = rulesOf(root['rules'], 'rules', file, problems)
  if (hosts === undefined || hosts === null) return [{ host: nameOf(host), place: 'host', ...flags, rules }]
  const names = Array.isArray(hosts) ? hosts.map(nameOf) : [nameOf(hosts)]
  if (names.length > MOST_HOSTS || names.includes(null))
    problems.add('hosts', lineOf(hosts), `Is a list of at most ${MOST_HOSTS} PBXs by code, id or name.`)
  return names
    .slice(0, MOST_HOSTS)
    .map((name, at) => ({ host: name, place: `hosts[${at}]`, ...flags, rules }))
}

const nameOf = (value: Json | undefined): string | null => textOf(value).trim() || null

function refuseUnknown(
  map: Row,
  known: readonly string[],
  within: string,
  line: number | null,
  problems: Problems,
): void {
  for (const name of Object.keys(map))
    if (!known.includes(name))
      problems.add(`${within}${name}`, line, `There is no such field here; known are ${known.join(', ')}.`)
}

function flagsOf<Flags extends { partial: boolean; reorder: boolean }>(
  map: Row,
  within: string,
  otherwise: Flags,
  problems: Problems,
): { partial: boolean; reorder: boolean } {
  const read = (name: 'partial' | 'reorder') => {
    const given = map[name]
    if (given === undefined || given === null) return otherwise[name]
    const truth = readTruth(given)
    if (truth === undefined) problems.add(`${within}${name}`, null, 'Is true or false.')
    return truth ?? otherwise[name]
  }
  return { partial: read('partial'), reorder: read('reorder') }
}

function rulesOf(
  list: Json | undefined,
  place: string,
  { lineOf }: WrittenFile,
  problems: Problems,
): WrittenRule[] {
  if (!Array.isArray(list)) {
    // Nothing at all would remove every rule: that is said with an empty list.
    problems.add(place, null, 'Is a list of rules; [] for none.')
    return []
  }
  if (list.length > MOST_RULES) problems.add(place, lineOf(list), `At most ${MOST_RULES} rules.`)
  return list.slice(0, MOST_RULES).flatMap((fields, at) => {
    const one = `${place}[${at}]`
    if (isRow(fields)) return [{ place: one, line: lineOf(fields), fields }]
    problems.add(one, lineOf(fields), 'Is a map of the fields of a rule.')
    return []
  })
}

/** Rows of a CSV file, those of one PBX together. */
function partsOfRows(rows: readonly (WrittenRule & { host: string | null })[]): FilePart[] {
  const parts = new Map<string | null, (WrittenRule & { host: string | null })[]>()
  for (const row of rows) parts.set(row.host, [...(parts.get(row.host) ?? []), row])
  if (parts.size === 0) parts.set(null, [])
  return [...parts].map(([host, rules]) => ({ host, place: 'host', partial: false, reorder: false, rules }))
}
