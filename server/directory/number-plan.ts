import { Metadata, getCountries } from 'libphonenumber-js/max'
import type { CountryCode } from 'libphonenumber-js/max'
import metadata from 'libphonenumber-js/max/metadata'

/** The accessors of the library's numbering plans that its types leave out. */
type LibraryPlan = {
  callingCode(): string
  IDDPrefix(): string | 0
  nationalNumberPattern(): string
  possibleLengths(): number[]
  nationalPrefix(): string | 0
  nationalPrefixForParsing(): string | 0
}

type Plan = {
  callingCode: string
  /** How calls abroad start, anchored; null for calling codes that belong to no country. */
  abroad: RegExp | null
  /** What may stand before the subscriber's number, anchored; null when the country has nothing of the kind. */
  trunk: RegExp | null
  /** The same when it is plain digits (`0`, `8`, `06`), which is most countries and much cheaper to test. */
  trunkDigits: string | null
  national: RegExp
  longest: number
  /** Bit n: a number of n digits is possible whichever country of this calling code it turns out to be in. */
  possible: number
  /** Whether subscribers write a prefix before their number at all. */
  hasTrunk: boolean
}

const LONGEST_E164 = 15

const byCountry = new Map<string, Plan>()
/** Indexed by the calling code as a number; the plan is that of the code's main country. */
const byCallingCode: (Plan | undefined)[] = []

function libraryPlan(key: string): LibraryPlan {
  const selected = new Metadata()
  selected.selectNumberingPlan(key as CountryCode)
  return selected.numberingPlan as unknown as LibraryPlan
}

function lengthBits(plan: LibraryPlan): number {
  return plan.possibleLengths().reduce((bits, length) => bits | (1 << length), 0)
}

function readPlan(plan: LibraryPlan, possible: number): Plan {
  const trunk = plan.nationalPrefixForParsing() || null
  const abroad = plan.IDDPrefix() || null
  return {
    callingCode: plan.callingCode(),
    abroad: abroad === null ? null : new RegExp(`^(?:${abroad})`),
    trunk: trunk === null ? null : new RegExp(`^(?:${trunk})`),
    trunkDigits: trunk !== null && /^\d+$/.test(trunk) ? trunk : null,
    national: new RegExp(`^(?:${plan.nationalNumberPattern()})$`),
    longest: Math.max(...plan.possibleLengths()),
    possible,
    hasTrunk: Boolean(plan.nationalPrefix()),
  }
}

for (const [callingCode, countries] of Object.entries(metadata.country_calling_codes)) {
  const plans = countries.map((country) => libraryPlan(country))
  const possible = plans.map(lengthBits).reduce((all, bits) => all & bits)
  countries.forEach((country, index) => {
    const plan = readPlan(plans[index]!, possible)
    byCountry.set(country, plan)
    if (index === 0) byCallingCode[Number(callingCode)] = plan
  })
}
for (const callingCode of Object.keys(metadata.nonGeographic)) {
  const plan = libraryPlan(callingCode)
  byCallingCode[Number(callingCode)] = readPlan(plan, lengthBits(plan))
}

/** ISO 3166-1 alpha-2 codes, upper case, that have a numbering plan. */
export const COUNTRIES: readonly CountryCode[] = getCountries()

/** Whether `code` (ISO 3166-1 alpha-2, upper case) has a numbering plan. */
export function isCountry(code: string): code is CountryCode {
  return byCountry.has(code)
}

/** Whether numbers of this country are written without anything before them (Spain, Denmark, Andorra). */
export function writesNoTrunkPrefix(country: string): boolean {
  return byCountry.get(country)?.hasTrunk === false
}

/** How many of the first digits of an international number are its calling code; 0 when no such code exists. */
export function callingCodeLength(digits: string): number {
  let code = 0
  for (let length = 1; length <= 3 && length <= digits.length; length++) {
    code = code * 10 + digits.charCodeAt(length - 1) - 48
    if (code === 0) return 0
    if (byCallingCode[code] !== undefined) return length
  }
  return 0
}

/** The digits without a trunk prefix; null when only the library's full rules can tell. */
function withoutTrunk(digits: string, plan: Plan): string | null {
  if (plan.trunk === null) return digits
  let prefix = 0
  if (plan.trunkDigits !== null) {
    if (!digits.startsWith(plan.trunkDigits)) return digits
    prefix = plan.trunkDigits.length
  } else {
    const match = plan.trunk.exec(digits)
    if (match === null) return digits
    for (let group = 1; group < match.length; group++) if (match[group]) return null
    prefix = match[0].length
  }
  if (prefix === 0) return digits
  return plan.national.test(digits) ? null : digits.slice(prefix)
}

/** E.164 digits, provided that reading them once more would change nothing. */
function settled(plan: Plan, subscriber: string): string | null {
  if (((plan.possible >> subscriber.length) & 1) === 0) return null
  if (plan.callingCode.length + subscriber.length > LONGEST_E164) return null
  const main = byCallingCode[Number(plan.callingCode)]!
  return withoutTrunk(subscriber, main) === subscriber ? plan.callingCode + subscriber : null
}

function fastInternational(digits: string): string | null {
  const length = callingCodeLength(digits)
  if (length === 0) return null
  const plan = byCallingCode[Number(digits.slice(0, length))]!
  const subscriber = withoutTrunk(digits.slice(length), plan)
  return subscriber === null ? null : settled(plan, subscriber)
}

function fastNational(digits: string, plan: Plan): string | null {
  const abroad = plan.abroad?.exec(digits)
  if (abroad) {
    const rest = digits.slice(abroad[0].length)
    return rest === '' || rest.startsWith('0') ? null : fastInternational(rest)
  }
  const subscriber = withoutTrunk(digits, plan)
  if (subscriber === null) return null
  if (digits.startsWith(plan.callingCode) && !plan.national.test(subscriber)) {
    return subscriber === digits && digits.length > plan.longest ? fastInternational(digits) : null
  }
  return settled(plan, subscriber)
}

/**
 * E.164 digits of `clean` (digits, or `+` and digits, nothing else) by calling codes, trunk prefixes and possible
 * lengths alone: either exactly what libphonenumber reads, or null when that needs the library's full rules
 * or the number is not possible. `country` must be one `isCountry` knows, or null.
 *
 * The rules follow the library's own metadata, so an upgrade of the library upgrades both.
 */
export function fastRead(clean: string, country: string | null): string | null {
  if (clean.charCodeAt(0) === 43) return fastInternational(clean.slice(1))
  if (country === null) return null
  const plan = byCountry.get(country)
  return plan === undefined ? null : fastNational(clean, plan)
}
