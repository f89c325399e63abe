/**
 * What a structure is made of: small facts as JSON and, by reference, the shared memory it works on. An image stays true
 * only until the structure changes.
 */
export type MemoryImage<Facts = unknown> = { facts: Facts; memory: SharedArrayBuffer[] }

/** Shared memory behind a typed array of ours: all of it, from its first byte. */
export function memoryOf(array: { readonly buffer: ArrayBufferLike }): SharedArrayBuffer {
  if (array.buffer instanceof SharedArrayBuffer) return array.buffer
  throw new TypeError('this array does not lie in shared memory')
}

/** Images by name as one, with their memory in the order of the names. */
export function joinImages(images: Record<string, MemoryImage>): MemoryImage<JoinedFacts> {
  const entries = Object.entries(images)
  const facts = Object.fromEntries(
    entries.map(([name, image]) => [name, { facts: image.facts, count: image.memory.length }]),
  )
  return { facts, memory: entries.flatMap(([, { memory }]) => memory) }
}

export type JoinedFacts = Record<string, { facts: unknown; count: number }>

/** The images that `joinImages` was given. */
export function splitImages({
  facts,
  memory,
}: MemoryImage<JoinedFacts>): (name: string) => MemoryImage<never> {
  const images = new Map<string, MemoryImage<never>>()
  let from = 0
  for (const [name, { facts: own, count }] of Object.entries(facts)) {
    images.set(name, { facts: own as never, memory: memory.slice(from, from + count) })
    from += count
  }
  return (name) => {
    const image = images.get(name)
    if (image === undefined) throw new Error(`the image has no part "${name}"`)
    return image
  }
}
