import { isIP } from 'node:net'
import type ipaddr from 'ipaddr.js'
import { contains, parseAddress, parseAddressList, type AddressList } from './address.ts'

type Allowance = { name: string | null; networks: AddressList; port: number | null }

/** Private places that outbound requests may reach. Made by `parseAllowPrivate`. */
export type AllowPrivate = readonly Allowance[]

/** Addresses that are public by their range and yet answer for the machine's own cloud. */
const CLOUD_METADATA = parseAddressList(['168.63.129.16'])

/** All of the public IPv6 space: what stands outside is reserved or means something else. */
const GLOBAL_IPV6 = parseAddressList(['2000::/3'])

/** A name may lead to these ranges when it is allowed; others only when allowed by address. */
const REACHED_BY_NAME = new Set(['loopback', 'private', 'carrierGradeNat', 'uniqueLocal'])

/**
 * Reads names, addresses and CIDR networks, each optionally with `:port` (an IPv6 one then in brackets, as in
 * `[fd00::1]:8443`). Throws an Error that names the entry it cannot read.
 */
export function parseAllowPrivate(entries: readonly string[]): AllowPrivate {
  return entries.map(parseAllowance)
}

function parseAllowance(entry: string): Allowance {
  const { host, port } = splitPort(entry.trim().toLowerCase())
  if (port !== null && !(port >= 1 && port <= 65_535)) throw notUnderstood(entry)
  if (isIP(host) !== 0 || host.includes('/')) {
    try {
      return { name: null, networks: parseAddressList([host]), port }
    } catch {
      throw notUnderstood(entry)
    }
  }
  // Digits and dots alone are a mistyped address.
  if (!/^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?\.?$/.test(host) || /^[\d.]+$/.test(host))
    throw notUnderstood(entry)
  return { name: withoutDot(host), networks: [], port }
}

function splitPort(entry: string): { host: string; port: number | null } {
  const bracketed = /^\[([^\]]*)\](?::(\d+))?$/.exec(entry)
  if (bracketed)
    return { host: bracketed[1] ?? '', port: bracketed[2] === undefined ? null : Number(bracketed[2]) }
  if (isIP(entry) === 6) return { host: entry, port: null }
  const withPort = /^(.*):(\d+)$/.exec(entry)
  // The last group of an IPv6 network is no port; behind its prefix length a port is unmistakable.
  const isNetwork6 = withPort !== null && isIP(withPort[1] ?? '') !== 0 && entry.split(':').length > 2
  if (!withPort || isNetwork6) return { host: entry, port: null }
  return { host: withPort[1] ?? '', port: Number(withPort[2]) }
}

function notUnderstood(entry: string): Error {
  return new Error(
    `"${entry}" is not a name, an address or a network, optionally with a port, such as crm.local:8443 or 10.0.0.0/8`,
  )
}

/** Whether a request to `name` on `port` may be sent to this address: it is public, or it was allowed. */
export function mayReach(
  allowed: AllowPrivate,
  target: { name: string; port: number; address: string },
): boolean {
  const address = parseAddress(target.address)
  if (address === null) return false
  const text = address.toString()
  if (isPublic(address)) return true
  return allowed.some((allowance) => {
    if (allowance.port !== null && allowance.port !== target.port) return false
    if (allowance.name === null) return contains(allowance.networks, text)
    return allowance.name === withoutDot(target.name.toLowerCase()) && REACHED_BY_NAME.has(address.range())
  })
}

function isPublic(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  const text = address.toString()
  if (address.range() !== 'unicast' || contains(CLOUD_METADATA, text)) return false
  return address.kind() === 'ipv4' || contains(GLOBAL_IPV6, text)
}

function withoutDot(name: string): string {
  return name.replace(/\.$/, '')
}
