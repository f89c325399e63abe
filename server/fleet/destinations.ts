import { createHash } from 'node:crypto'
import { getCountries, Metadata, type CountryCode } from 'libphonenumber-js/max'
import type {
  Destination,
  OpenDestinations,
  OpenDestinationsInput,
  PbxCountry,
} from '../../contract/destinations.ts'
import { recordAudit, type Actor } from '../platform/audit.ts'
import type { Committed } from '../platform/committed.ts'
import { fromJson, toJson } from '../platform/database/json.ts'
import { invalid } from '../platform/errors.ts'
import { write, type FleetDeps, type FleetStore } from './write.ts'

/** What the library knows of a country beyond its published types. */
type Plan = {
  callingCode(): string
  IDDPrefix(): string | undefined
  /** 0 stands for none where something else follows. */
  defaultIDDPrefix(): string | 0 | undefined
  leadingDigits(): string | undefined
}

const NORTH_AMERICA = '1'
/** What callers dial in front of an international number where several things would do, most usual first. */
const USUAL_EXIT_CODES = ['00', '001', '011']

/** Countries that share the code 1 are told apart by area codes of three digits. */
function callingCodesOf(plan: Plan): string[] {
  const code = plan.callingCode()
  const leading = plan.leadingDigits()
  if (code !== NORTH_AMERICA || leading === undefined) return [code]
  const pattern = new RegExp(`^(?:${leading})$`)
  const areas = Array.from({ length: 800 }, (_, i) => String(200 + i)).filter((area) => pattern.test(area))
  return areas.length > 0 ? areas.map((area) => `${code}${area}`) : [code]
}

function exitCodeOf(plan: Plan): string | null {
  const preferred = plan.defaultIDDPrefix()
  const pattern = plan.IDDPrefix()
  const whole = new RegExp(`^(?:${pattern ?? '(?!)'})$`)
  if (typeof preferred === 'string' && whole.test(preferred.replaceAll('~', ''))) return preferred
  return USUAL_EXIT_CODES.find((code) => whole.test(code)) ?? plainOf(pattern)
}

const plainOf = (pattern: string | undefined) => (pattern && /^\d+$/.test(pattern) ? pattern : null)

let known: readonly PbxCountry[] | null = null

/** Every country with a numbering plan, by English name. From the phone library and the runtime's region names. */
export function countries(): readonly PbxCountry[] {
  if (known !== null) return known
  const names = new Intl.DisplayNames(['en'], { type: 'region' })
  const metadata = new Metadata()
  known = getCountries()
    .map((code) => {
      metadata.selectNumberingPlan(code)
      const plan = metadata.numberingPlan as unknown as Plan
      const name = names.of(code) ?? code
      return { code, name, calling_codes: callingCodesOf(plan), exit_code: exitCodeOf(plan) }
    })
    .sort((one, other) => one.name.localeCompare(other.name, 'en'))
  return known
}

const isCountry = (code: string) => getCountries().includes(code as CountryCode)

/** Which destinations a tenant leaves open. */
export type Destinations = {
  /** Every country, and whether the tenant lets calls to it out. */
  list(tenantId: number): Promise<Destination[]>
  get(tenantId: number): Promise<OpenDestinations>
  set(actor: Actor, input: OpenDestinationsInput): Promise<Committed<OpenDestinations>>
}

/** A strong ETag of a list that changes seldom. */
export const listTag = (list: unknown): string =>
  `"${createHash('sha256').update(JSON.stringify(list)).digest('base64url').slice(0, 27)}"`

export function openDestinations(store: FleetStore, { clock, tenant }: FleetDeps): Destinations {
  const shown = (tenantId: number, set: string[] | null): OpenDestinations => {
    const own = tenant(tenantId)?.country ?? null
    return { countries: set, open: set ?? (own === null ? [] : [own]) }
  }
  const get = async (tenantId: number) => {
    const row = await store.read
      .selectFrom('fleet_settings')
      .select('open_destinations')
      .where('tenant_id', '=', tenantId)
      .executeTakeFirst()
    const set = row?.open_destinations ?? null
    return shown(tenantId, set === null ? null : fromJson<string[]>(set))
  }
  return {
    get,
    async list(tenantId) {
      const open = new Set((await get(tenantId)).open)
      return countries().map(({ code, name, calling_codes }) => ({
        code,
        name,
        calling_code: calling_codes[0] ?? '',
        open: open.has(code),
      }))
    },
    async set(actor, input) {
      const given = input.countries && [...new Set(input.countries.map((code) => code.toUpperCase()))].sort()
      const unknown = given?.find((code) => !isCountry(code))
      if (unknown !== undefined) throw invalid({ countries: [`There is no country ${unknown}.`] })
      const before = await get(actor.tenantId)
      return write(store, async (tx) => {
        const open_destinations = given === null ? null : toJson(given)
        const updated_at = clock.now()
        await tx.db
          .insertInto('fleet_settings')
          .values({ tenant_id: actor.tenantId, open_destinations, updated_at })
          .onConflict((row) => row.column('tenant_id').doUpdateSet({ open_destinations, updated_at }))
          .execute()
        const after = shown(actor.tenantId, given)
        const act = { before, after }
        await recordAudit(tx, actor, {
          action: 'update',
          entity: 'open_destinations',
          entityId: null,
          ...act,
        })
        return after
      })
    },
  }
}
