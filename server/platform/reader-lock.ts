/** One word says that memory is being changed, one counts layouts; every reader has a word in a cache line of its own. */
const WRITING = 0
const LAYOUT = 1
const FIRST_READER = 16
const LINE = 16

const IDLE = 0
const READING = 1
const WAITING = 2

/** How long the writer sleeps for a reader before it lets its own event loop go on. */
const BLOCK_MS = 1
const LOOK_AGAIN_MS = 20
/** Readers that waited through the last change come first, but not for longer than this. */
const TURN_MS = 5
/** A reader never sleeps longer than this at once, nor, in all, than the other. */
const SLEEP_MS = 100
const LONGEST_WAIT_MS = 2_000

/** The memory a writer and at most `readers` readers find each other by. */
export function newReaderLock(readers: number): SharedArrayBuffer {
  return new SharedArrayBuffer((FIRST_READER + readers * LINE) * Int32Array.BYTES_PER_ELEMENT)
}

/**
 * One thread changes shared memory, others read it. While nothing is changed a reader touches no word that another one
 * writes, so readers do not slow each other down.
 */
export type WriterSide = {
  /** Runs `work` while nobody reads. One at a time; `work` is short, for readers sleep meanwhile. */
  write(work: () => void): Promise<void>
  layout(): number
  /** Makes a layout visible to readers; what they need to know of it is sent before. */
  setLayout(layout: number): void
  /** A reader whose thread ended reads no more. */
  forget(reader: number): void
}

export function openWriterSide(memory: SharedArrayBuffer): WriterSide {
  const words = new Int32Array(memory)
  const readers = (words.length - FIRST_READER) / LINE

  /** Waits until no reader is in a state, or until the time is up; a thread that died is never waited for asleep. */
  const left = async (state: number, withinMs: number) => {
    for (let reader = 0; reader < readers; reader++) {
      const at = FIRST_READER + reader * LINE
      if (Atomics.load(words, at) !== state) continue
      const started = performance.now()
      Atomics.wait(words, at, state, BLOCK_MS)
      while (Atomics.load(words, at) === state && performance.now() - started < withinMs) {
        await Atomics.waitAsync(words, at, state, Math.min(LOOK_AGAIN_MS, withinMs)).value
      }
    }
  }

  return {
    async write(work) {
      await left(WAITING, TURN_MS)
      Atomics.store(words, WRITING, 1)
      try {
        await left(READING, Number.POSITIVE_INFINITY)
        work()
      } finally {
        Atomics.store(words, WRITING, 0)
        Atomics.notify(words, WRITING)
      }
    },
    layout: () => Atomics.load(words, LAYOUT),
    setLayout: (layout) => void Atomics.store(words, LAYOUT, layout),
    forget(reader) {
      const at = FIRST_READER + reader * LINE
      Atomics.store(words, at, IDLE)
      Atomics.notify(words, at)
    },
  }
}

export type ReaderSide = {
  /** Runs `work` while nothing is changed. Throws when it waited for two seconds, which no change takes. */
  read<T>(work: () => T): T
  layout(): number
}

export function openReaderSide(memory: SharedArrayBuffer, reader: number): ReaderSide {
  const words = new Int32Array(memory)
  const at = FIRST_READER + reader * LINE

  const waitMyTurn = () => {
    const started = performance.now()
    do {
      Atomics.store(words, at, WAITING)
      Atomics.notify(words, at)
      Atomics.wait(words, WRITING, 1, SLEEP_MS)
      Atomics.store(words, at, READING)
      Atomics.notify(words, at)
      if (Atomics.load(words, WRITING) === 0) return
    } while (performance.now() - started < LONGEST_WAIT_MS)
    Atomics.store(words, at, IDLE)
    Atomics.notify(words, at)
    throw new Error('memory was being changed for too long')
  }

  return {
    read(work) {
      Atomics.store(words, at, READING)
      if (Atomics.load(words, WRITING) !== 0) waitMyTurn()
      try {
        return work()
      } finally {
        Atomics.store(words, at, IDLE)
        if (Atomics.load(words, WRITING) !== 0) Atomics.notify(words, at)
      }
    },
    layout: () => Atomics.load(words, LAYOUT),
  }
}
