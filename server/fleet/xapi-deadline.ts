import { HubError } from '../platform/errors.ts'
import { asPbxError } from './xapi-errors.ts'

/**
 * Runs what is asked of a PBX, and ends it with HubError `pbx_timeout` after `ms`. Its errors come out in the hub's words. Bytes of a
 * file that is already on its way when `work` is done may take longer.
 */
export async function inTime<T>(
  operationId: string,
  ms: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController()
  const words = `${operationId}: the PBX did not answer within ${ms} ms.`
  const timer = setTimeout(() => late.abort(new HubError('pbx_timeout', words)), ms)
  try {
    return await work(late.signal)
  } catch (error) {
    throw asPbxError(error)
  } finally {
    clearTimeout(timer)
  }
}

/** What is done for everybody at once: who cannot wait for it leaves it to the others. */
export async function unlessLate<T>(shared: Promise<T>, signal: AbortSignal): Promise<T> {
  const late = Promise.withResolvers<never>()
  const giveUp = () => late.reject(signal.reason)
  signal.addEventListener('abort', giveUp, { once: true })
  try {
    return await Promise.race([shared, late.promise])
  } finally {
    signal.removeEventListener('abort', giveUp)
    shared.catch(() => {})
  }
}
