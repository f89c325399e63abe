import type { AuditLogRow, CdrSettings, CrmTestResult, LicenseStatus, SystemStatus } from './entities.ts'
import { isXapiError } from '../errors.ts'
import { known } from '../operations/known.ts'
import {
  listOf,
  settings,
  type Caller,
  type CallOptions,
  type ListOptions,
  type Settings,
} from './collection.ts'

export type System = {
  /** Load, disk, registrations, version. Throws `permission` for roles that may not see it. */
  status(options?: CallOptions): Promise<SystemStatus>
  license(options?: CallOptions): Promise<LicenseStatus>
  /** Whether firewall, phones and trunks are as they should be. */
  health(options?: CallOptions): Promise<{ Firewall?: boolean; Phones?: boolean; Trunks?: boolean }>
  /** Ports, limits and the version, for roles that may not see the status. */
  parameters(options?: CallOptions): Promise<{ Version?: string; [name: string]: unknown }>
  /** The version the PBX runs, from whichever place tells it to this role; null when none does. */
  version(options?: CallOptions): Promise<string | null>
  /** Who changed what on the PBX, if its audit is on. */
  auditLog(options?: ListOptions<AuditLogRow>): AsyncGenerator<AuditLogRow, void, undefined>
}

const STATUS = known('GET /SystemStatus')
const LICENSE = known('GET /LicenseStatus')
const HEALTH = known('GET /SystemStatus/Pbx.SystemHealthStatus()')
const PARAMETERS = known('GET /Defs/Pbx.GetSystemParameters()')
const AUDIT = known('GET /ReportAuditLog/Pbx.GetAuditLogData()')

export function openSystem(caller: Caller): System {
  const get = async <Value>(operation: typeof STATUS, options?: CallOptions) =>
    ((await caller.by([[operation]], options)) ?? {}) as Value
  return {
    status: (options) => get(STATUS, options),
    license: (options) => get(LICENSE, options),
    health: (options) => get(HEALTH, options),
    parameters: (options) => get(PARAMETERS, options),
    async version(options) {
      for (const place of [PARAMETERS, STATUS]) {
        try {
          const { Version } = await get<{ Version?: string }>(place, options)
          if (typeof Version === 'string' && Version !== '') return Version
        } catch (error) {
          if (!isXapiError(error) || !UNTOLD.includes(error.kind)) throw error
        }
      }
      return null
    },
    auditLog: (options) => listOf(caller, [[AUDIT]], options),
  }
}

const UNTOLD: readonly string[] = ['permission', 'not_found', 'unsupported']

/** Where the PBX writes its call detail records. */
export const openCdrSettings = (caller: Caller): Settings<CdrSettings> =>
  settings<CdrSettings>(caller, 'CDRSettings')

export type Crm = {
  /** Lets the PBX ask its CRM, as it would for a call: `PhoneExact`, `Search` or `Email`. Failures are in the answer. */
  test(
    question: { mode: 'PhoneExact' | 'Search' | 'Email'; query: string },
    options?: CallOptions,
  ): Promise<CrmTestResult>
}

const TEST = known('POST /CrmIntegration/Pbx.Test')

export function openCrm(caller: Caller): Crm {
  return {
    test: async (body, options) => ((await caller.by([[TEST, { body }]], options)) ?? {}) as CrmTestResult,
  }
}
