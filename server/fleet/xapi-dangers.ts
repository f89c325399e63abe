import type { Operation } from '../../xapi/xapi.ts'

/** Whatever is not asked by GET, as OData's functions are, may change something. */
export const isWrite = ({ method }: Operation): boolean => method !== 'GET'

/** Interrupts calls, or cannot be taken back. */
const DRASTIC = new Set(
  'restart reboot shutdown halt restore reset regenerate purge wipe erase cleanup uninstall install upgrade push'.split(
    ' ',
  ),
)
/** Many at once. */
const SWEEPING = new Set(['all', 'bulk', 'batch', 'multi', 'mass'])
const REMOVING = new Set(['delete', 'remove', 'clear'])
/** Of services of the PBX itself. */
const SILENCING = new Set(['stop', 'disable'])

/**
 * Whether an operation must be confirmed. Told by the words of its id and of the last part of its path, so that it holds for a
 * description nobody has seen: a drastic word (but in the name of settings), a sweeping one, a removal that is not
 * addressed to one thing by its key, a stopped service, a replaced licence. What is named as a question is none of these.
 */
export function needsConfirm(operation: Operation): boolean {
  const { id, method, path } = operation
  if (!isWrite(operation) || /^Get[A-Z]/.test(id)) return false
  const last = path.split('/').at(-1) ?? ''
  const words = new Set([...wordsOf(id), ...wordsOf(last.replace(/\(.*$/, '').replace(/^Pbx\./, ''))])
  const any = (some: ReadonlySet<string>) => [...words].some((word) => some.has(word))
  if (any(SWEEPING)) return true
  if (any(DRASTIC) && !words.has('settings')) return true
  if ((method === 'DELETE' || any(REMOVING)) && !path.includes('{')) return true
  if (/^\/Services\b/.test(path) && any(SILENCING)) return true
  return words.has('replace') && (words.has('license') || words.has('licence'))
}

/** `BulkIpsDelete` → bulk, ips, delete; `CleanUpFax` → clean, up, fax, cleanup. */
function wordsOf(name: string): string[] {
  const words = name.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+/g)?.map((word) => word.toLowerCase()) ?? []
  const joined = words.slice(1).map((word, i) => `${words[i]}${word}`)
  return [...words, ...joined]
}
