import { createReadStream } from 'node:fs'
import type { Hub } from './hub.ts'

/** The sample book is written in French national form. */
const SAMPLE_COUNTRY = 'FR'
export const SAMPLE_FILE = new URL('../examples/sample-book.csv', import.meta.url)

/** Loads the sample book into the operator's directory; answers a line that says what came of it. */
export async function loadSampleBook(hub: Hub): Promise<string> {
  const actor = {
    kind: 'system',
    id: null,
    name: 'start',
    tenantId: hub.operatorTenantId,
    requestId: null,
    address: null,
  } as const
  const { imports } = hub.directory
  const options = { country: SAMPLE_COUNTRY, file_name: 'sample-book.csv' }
  const created = await imports.create(actor, createReadStream(SAMPLE_FILE), options)
  const { accepted, rejected, status } = await imports.finished(actor.tenantId, created.id)
  return `${status}: ${accepted} rows accepted, ${rejected} rejected`
}
