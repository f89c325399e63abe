import { namesSecret } from '../platform/log-masking.ts'
import { MASK } from './host-secrets.ts'

/** What a PBX calls its secrets beside the usual names: PINs, keys, credentials of a device or a service. */
const SECRET_NAMES =
  /(pin|pins|pwd|passwd|passphrase|credentials?|(private|access|licen[cs]e|shared|account|service|api)_?keys?|authid|certificate)$/i
const LONGEST = 100_000

/** A copy for the audit trail: values of fields that are named like secrets are masked, at any depth; a huge one is told by its length. */
export function maskedCopy(value: unknown): unknown {
  if (value === null || value === undefined) return null
  const masked = mask(value)
  const { length } = JSON.stringify(masked)
  return length <= LONGEST ? masked : { too_long: length }
}

function mask(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(mask)
  if (typeof value !== 'object' || value === null) return value
  const fields = Object.entries(value) as [string, unknown][]
  // A parameter of a PBX is a name and a value beside it.
  const called = fields.find(([name]) => /^name$/i.test(name))?.[1]
  const isNamed = (name: string, inner: unknown) =>
    typeof called === 'string' && /^value$/i.test(name) && isSecret(called, inner)
  return Object.fromEntries(
    fields.map(([name, inner]) => [name, isSecret(name, inner) || isNamed(name, inner) ? MASK : mask(inner)]),
  )
}

/** Whether a field of a PBX of that name and value holds a secret. */
export function isSecret(name: string, value: unknown): boolean {
  if (value === null || value === '' || typeof value === 'boolean') return false
  return namesSecret(name) || SECRET_NAMES.test(name)
}
