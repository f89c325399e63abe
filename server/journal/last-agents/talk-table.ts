/** Who talked: an extension of one PBX of a tenant. */
export type Speaker = { tenantId: number; hostId: number; extension: string }
/** A row of `last_agents` as it lies in memory; `key` is a number's digits, or a party's id below zero. */
export type Talk = { id: number; key: number; at: number; speaker: number }

/**
 * The last talks of callers, packed: 28 bytes a place, at most 70 of 100 places taken. Places lie in segments, so that what
 * grows or is swept is small; a full one lets go what is oldest in it.
 */
export type TalkTable = {
  put(talk: Talk): void
  /** Every talk under a key; whoever asks tells tenants and PBXs apart. */
  find(key: number): Omit<Talk, 'key'>[]
  /** Removes what `isGone` says is gone, some segments at a time. */
  sweep(isGone: (id: number, speaker: number) => boolean): Promise<void>
  stats(): { talks: number; bytes: number }
  /** The segments as they lie, good until the next change. */
  image(): SharedArrayBuffer[]
}

/** A change of how segments lie makes a new form of the snapshot (`FACTS_FORM`). */
export const SEGMENTS = 256
const FEWEST_PLACES = 8
const BYTES_A_PLACE = 28
const FULL = 0.7
/** What is let go at once when a segment may not grow. */
const SHARE_LET_GO = 1 / 8
/** Of all segments together. */
const MOST_TALKS = 4_000_000

const SWEPT_AT_ONCE = 8

type Segment = {
  buffer: SharedArrayBuffer
  keys: Float64Array
  ats: Float64Array
  ids: Float64Array
  speakers: Uint32Array
  count: number
}

function segmentOver(buffer: SharedArrayBuffer): Segment {
  const places = buffer.byteLength / BYTES_A_PLACE
  const ids = new Float64Array(buffer, 16 * places, places)
  let count = 0
  for (let place = 0; place < places; place++) if (ids[place] !== 0) count += 1
  return {
    buffer,
    keys: new Float64Array(buffer, 0, places),
    ats: new Float64Array(buffer, 8 * places, places),
    ids,
    speakers: new Uint32Array(buffer, 24 * places, places),
    count,
  }
}
const breathe = () => new Promise<void>((resolve) => setImmediate(resolve))
const newSegment = (places: number) => segmentOver(new SharedArrayBuffer(places * BYTES_A_PLACE))

function hashOf(key: number): number {
  const size = Math.abs(key)
  let hash = Math.imul((size % 2 ** 32) ^ Math.imul(Math.floor(size / 2 ** 32), 0x85ebca6b), 0x9e3779b1)
  if (key < 0) hash = ~hash
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return (hash ^ (hash >>> 13)) >>> 0
}

/** Where a key's talks begin within a segment; they go on to the first free place. */
const firstPlace = (key: number, places: number) => Math.floor(hashOf(key) / SEGMENTS) & (places - 1)

function insert({ keys, ats, ids, speakers }: Segment, { key, at, id, speaker }: Talk): boolean {
  const places = keys.length
  let place = firstPlace(key, places)
  while (ids[place] !== 0 && ids[place] !== id) place = (place + 1) & (places - 1)
  const isNew = ids[place] === 0
  keys[place] = key
  ats[place] = at
  ids[place] = id
  speakers[place] = speaker
  return isNew
}

export function openTalkTable(image: SharedArrayBuffer[] = [], most = MOST_TALKS): TalkTable {
  const segments = Array.from({ length: SEGMENTS }, (_, n) =>
    image[n] ? segmentOver(image[n]) : newSegment(FEWEST_PLACES),
  )
  const mostOfSegment = Math.max(1, Math.floor(most / SEGMENTS))

  /** The segment with what `isKept` keeps, in so many places. */
  const rebuilt = (
    { keys, ats, ids, speakers }: Segment,
    places: number,
    isKept: (place: number) => boolean,
  ) => {
    const next = newSegment(places)
    for (let place = 0; place < ids.length; place++) {
      const id = ids[place]!
      if (id === 0 || !isKept(place)) continue
      insert(next, { key: keys[place]!, at: ats[place]!, id, speaker: speakers[place]! })
      next.count += 1
    }
    return next
  }

  const withRoom = (segment: Segment): Segment => {
    const { ids, ats, count } = segment
    if (count >= mostOfSegment) {
      const sorted = ats.filter((_, place) => ids[place] !== 0).sort()
      const cut = sorted[Math.floor(sorted.length * SHARE_LET_GO)]!
      return rebuilt(segment, ids.length, (place) => ats[place]! > cut)
    }
    return count < ids.length * FULL ? segment : rebuilt(segment, ids.length * 2, () => true)
  }

  return {
    put(talk) {
      const n = hashOf(talk.key) % SEGMENTS
      const segment = withRoom(segments[n]!)
      if (insert(segment, talk)) segment.count += 1
      segments[n] = segment
    },
    find(key) {
      const { keys, ats, ids, speakers } = segments[hashOf(key) % SEGMENTS]!
      const found: Omit<Talk, 'key'>[] = []
      for (let place = firstPlace(key, ids.length); ids[place] !== 0; place = (place + 1) & (ids.length - 1))
        if (keys[place] === key) found.push({ id: ids[place]!, at: ats[place]!, speaker: speakers[place]! })
      return found
    },
    async sweep(isGone) {
      for (const [n, { ids, speakers }] of segments.entries()) {
        if (n % SWEPT_AT_ONCE === 0) await breathe()
        let hit = 0
        while (hit < ids.length && (ids[hit] === 0 || !isGone(ids[hit]!, speakers[hit]!))) hit += 1
        if (hit === ids.length) continue
        segments[n] = rebuilt(segments[n]!, ids.length, (place) => !isGone(ids[place]!, speakers[place]!))
      }
    },
    stats: () => ({
      talks: segments.reduce((sum, { count }) => sum + count, 0),
      bytes: segments.reduce((sum, { buffer }) => sum + buffer.byteLength, 0),
    }),
    image: () => segments.map(({ buffer }) => buffer),
  }
}
