import { isSupportedCountry } from 'libphonenumber-js/max'

/** A country with a numbering plan, ISO 3166-1 alpha-2. */
export function isCountry(code: string): boolean {
  return isSupportedCountry(code)
}

/** An IANA zone this runtime knows. */
export function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    return false
  }
}

/** The only zone of a country; null when it has several or none is known. */
export function onlyZoneOf(country: string): string | null {
  const zones = new Intl.Locale(`und-${country}`).getTimeZones?.() ?? []
  return zones.length === 1 ? (zones[0] ?? null) : null
}

/** The zone whose calendar decides what "today" is: the tenant's, else its country's only one, else the hub's, else UTC. */
export function zoneOf(own: string | null, country: string | null, fallback: string | null): string {
  return own ?? (country ? onlyZoneOf(country) : null) ?? fallback ?? 'UTC'
}
