import { isIP, type LookupFunction } from 'node:net'
import { OutboundError } from './outbound-error.ts'
import { mayReach, type AllowPrivate } from './outbound-rules.ts'

/** Finds addresses as `lookup` does, and refuses a name with one that may not be reached: nothing is looked up again later. */
export function guardedLookup(lookup: LookupFunction, allowed: AllowPrivate, port: number): LookupFunction {
  return (name, options, callback) => {
    lookup(name, { ...options, all: true }, (error, found, family) => {
      if (error) return callback(error, [])
      const addresses =
        typeof found === 'string' ? [{ address: found, family: family ?? isIP(found) }] : found
      const first = addresses[0]
      const isRefused = addresses.some(({ address }) => !mayReach(allowed, { name, port, address }))
      if (first === undefined || isRefused) return callback(refused(`${name}:${port}`), [])
      if (options.all) return callback(null, addresses)
      callback(null, first.address, first.family)
    })
  }
}

/** An address that outbound requests may not reach. */
export function refused(place: string): OutboundError {
  return new OutboundError(
    'refused_address',
    `${place} leads to a private or reserved address, which CORDBOARD_ALLOW_PRIVATE does not list`,
  )
}
