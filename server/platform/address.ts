import ipaddr from 'ipaddr.js'

type Address = ipaddr.IPv4 | ipaddr.IPv6

/** Networks an address may belong to. Made by `parseAddressList`, asked with `contains`. */
export type AddressList = readonly { network: Address; prefix: number }[]

/**
 * Reads addresses and CIDR networks of both families, as a list or as text parted by commas or white space.
 * An IPv4-mapped IPv6 entry means the IPv4 one. Throws an Error that names the entry it cannot read.
 */
export function parseAddressList(source: string | readonly string[]): AddressList {
  const entries = typeof source === 'string' ? source.split(/[\s,]+/) : source.map((entry) => entry.trim())
  return entries.filter((entry) => entry !== '').map(parseEntry)
}

/** Whether the address, IPv4 or IPv6, is in one of the networks. Text that is no address is in none. */
export function contains(list: AddressList, address: string): boolean {
  const wanted = parseAddress(address)
  if (wanted === null) return false
  return list.some(({ network, prefix }) => network.kind() === wanted.kind() && wanted.match(network, prefix))
}

/** The address, IPv4 when it is an IPv4-mapped IPv6 one; null when the text is no complete address. */
export function parseAddress(text: string): Address | null {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text)
  if (!ipaddr.IPv6.isValid(text)) return null
  const address = ipaddr.IPv6.parse(text.replace(/%.*$/, ''))
  return address.isIPv4MappedAddress() ? address.toIPv4Address() : address
}

/** What one household or server has at least: all addresses of an IPv6 network of 64 bits go by one name. */
export function networkOf(address: string): string {
  const found = parseAddress(address)
  if (found === null || found.kind() === 'ipv4') return found?.toString() ?? address
  const parts = (found as ipaddr.IPv6).parts.slice(0, 4)
  return `${parts.map((part) => part.toString(16)).join(':')}::/64`
}

function parseEntry(entry: string): { network: Address; prefix: number } {
  const [text = '', bits, ...rest] = entry.split('/')
  const network = parseAddress(text)
  if (network === null || rest.length > 0) throw notUnderstood(entry)
  const width = network.kind() === 'ipv4' ? 32 : 128
  if (bits === undefined) return { network, prefix: width }
  if (!/^\d{1,3}$/.test(bits)) throw notUnderstood(entry)
  // The 96 leading bits of a mapped address are not part of the IPv4 network it means.
  const mapped = width === 32 && text.includes(':')
  const prefix = Number(bits) - (mapped ? 96 : 0)
  if (prefix < 0 || prefix > width) throw notUnderstood(entry)
  return { network, prefix }
}

function notUnderstood(entry: string): Error {
  return new Error(`"${entry}" is not an address or a network such as 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32`)
}
