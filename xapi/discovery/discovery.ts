import { XapiError } from '../errors.ts'
import type { RawAnswer } from '../connection.ts'
import type { OperationIndex } from '../operations/operation.ts'
import { answerError } from '../answer-error.ts'
import type { Secrets } from '../secrets.ts'
import type { Session } from '../session.ts'
import { compareIndexes, isEmptyDrift, type DriftReport } from './drift.ts'
import { openIndexCache, type CacheStore, type Seen } from './index-cache.ts'
import { readApart } from './read-apart.ts'
import { hashOf } from './hash.ts'
import { SOURCES, type Source } from './sources.ts'

export type DiscoveryOptions = {
  /** What tells one PBX from another in the cache: its address. */
  url: string
  session: Session
  secrets: Secrets
  cache: CacheStore
  longestDescription: number
  readingMs: number
  onDrift: (report: DriftReport) => void
}

/** Finds out what a PBX can do, once, and again when its version changes. */
export type Discovery = {
  /** The index. Throws `description` when the PBX has no readable description. */
  index(): Promise<OperationIndex>
  /** Reads the description again, whatever is known. Null when nothing changed since it was seen last. */
  refresh(): Promise<DriftReport | null>
}

type Known = { index: OperationIndex; version: string | null; at: number }

/** A PBX that tells no version is read again after this. */
const UNTOLD_MS = 24 * 3_600_000

export function openDiscovery(options: DiscoveryOptions): Discovery {
  const { url, session } = options
  const cache = openIndexCache(options.cache)
  let known: Known | null = null
  let finding: Promise<Known> | null = null
  let lastDrift: DriftReport | null = null

  const isCurrent = (one: Known) =>
    session.version() === null ? Date.now() - one.at < UNTOLD_MS : session.version() === one.version

  async function find(): Promise<Known> {
    const seen = await cache.seen(url)
    const cached = seen === null ? null : await cache.index(seen.hash)
    if (seen !== null && cached !== null && seen.version !== null && (await askVersion()) === seen.version) {
      return { index: cached, version: seen.version, at: Date.now() }
    }
    return fetchIndex(seen, cached)
  }

  async function fetchIndex(seen: Seen | null, before: OperationIndex | null): Promise<Known> {
    const found = await fetchAny()
    // The description itself may come without the header.
    const version = session.version() ?? (await askVersion())
    // A second best, because the best was out of order, is not taken for this version's description at the next start.
    const kept = {
      version: found.isBest ? version : null,
      hash: found.index.hash,
      source: found.index.source,
    }
    const index = await cache.keep(url, kept, found.index)
    if (seen !== null && before !== null && before.hash !== index.hash) {
      const changes = compareIndexes(before, index)
      const from = { hash: before.hash, version: seen.version }
      lastDrift = { from, to: { hash: index.hash, version }, ...changes }
      if (!isEmptyDrift(changes)) options.onDrift(lastDrift)
    }
    return { index, version, at: Date.now() }
  }

  async function fetchAny(): Promise<{ index: OperationIndex; isBest: boolean }> {
    const failures: XapiError[] = []
    for (const source of SOURCES) {
      try {
        const index = await fetchOne(source)
        return { index, isBest: !failures.some(({ kind }) => kind === 'server') }
      } catch (error) {
        if (!(error instanceof XapiError) || !GOES_ON.includes(error.kind)) throw error
        failures.push(error.reason === 'too_long' ? tooLong(source, options.longestDescription) : error)
      }
    }
    const told = ['description', 'server'].map((kind) => failures.find((one) => one.kind === kind))
    throw (
      told.find((one) => one !== undefined) ??
      new XapiError('description', 'The PBX serves no description of its API.', { reason: 'absent' })
    )
  }

  async function fetchOne(source: Source): Promise<OperationIndex> {
    const answer = await download(source)
    const bytes = new Uint8Array(answer.bytes)
    return (await cache.index(hashOf(bytes))) ?? (await readApart(bytes, source, options.readingMs))
  }

  async function download(source: Source): Promise<RawAnswer> {
    const request = {
      method: 'GET',
      path: `/xapi/v1/${source}`,
      headers: { accept: source === '$metadata' ? 'application/xml' : '*/*' },
      operation: source,
      longestAnswer: options.longestDescription,
    }
    let answer = await session.sendOpenly(request)
    if (answer.status === 401 || answer.status === 403) answer = await session.send(request)
    if (answer.status !== 200) throw answerError(answer, request.operation, options.secrets)
    return answer
  }

  /** The version the PBX runs now. A PBX that will not tell has none. */
  async function askVersion(): Promise<string | null> {
    await session.send({
      method: 'GET',
      path: '/xapi/v1/Defs?$select=Id',
      headers: { accept: 'application/json' },
      operation: 'version',
    })
    return session.version()
  }

  function findOnce(how: () => Promise<Known>): Promise<Known> {
    finding ??= how()
      .then((found) => (known = found))
      .finally(() => (finding = null))
    return finding
  }

  return {
    async index() {
      if (known !== null && isCurrent(known)) return known.index
      return (await findOnce(find)).index
    },
    async refresh() {
      lastDrift = null
      await findOnce(async () => {
        const seen = await cache.seen(url)
        return fetchIndex(seen, seen === null ? null : await cache.index(seen.hash))
      })
      return lastDrift
    },
  }
}

function tooLong(source: Source, longest: number): XapiError {
  return new XapiError(
    'description',
    `The PBX's ${source} is no usable description: it is longer than ${longest} bytes.`,
    {
      operation: source,
      reason: 'too_long',
    },
  )
}

/** With these the next source is tried; a PBX that cannot be reached or refuses the token is not asked three times. */
const GOES_ON: readonly string[] = ['not_found', 'permission', 'description', 'server', 'validation']
