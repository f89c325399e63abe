import { isXapiError, type XapiError } from '../../xapi/xapi.ts'
import { HubError } from '../platform/errors.ts'
import type { Change, ChangeTrail } from './xapi-changes.ts'

/** What was there before a change, and what is taken for there when its answer is lost. */
type States = { before: unknown; meant: unknown }

/**
 * Sends a change once, audited before it is sent; what became of it is left to `trail.end` unless it failed. HubError
 * `pbx_outcome_unknown` when its answer is lost; else what `send` throws.
 */
export async function sendOnce<T>(
  trail: ChangeTrail,
  change: Change,
  { before, meant }: States,
  send: (onSend: () => void) => Promise<T>,
): Promise<{ audit: number; result: T }> {
  const audit = await trail.begin(change)
  let isSent = false
  try {
    return { audit, result: await send(() => (isSent = true)) }
  } catch (error) {
    const isLost = isXapiError(error) ? mayBeDone(error) : isSent
    const status = isXapiError(error) ? error.status : null
    const message = error instanceof Error ? error.message : String(error)
    const outcome = isLost ? 'unknown' : 'failed'
    await trail.fail(change, audit, { outcome, status, message, before, after: isLost ? meant : null })
    throw isLost ? lost(change, error) : error
  }
}

/** No answer, one nobody can read, or one of a gateway that has lost sight of the PBX. */
function mayBeDone({ isUncertain, status }: XapiError): boolean {
  const code = status ?? 0
  return isUncertain || (code >= 200 && code < 300) || code === 502 || code === 504
}

const lost = ({ operation: { id } }: Change, cause: unknown) =>
  new HubError(
    'pbx_outcome_unknown',
    `${id} was sent and no answer came: it may have been carried out. It was not repeated. Look at the PBX before you do so.`,
    { cause },
  )
