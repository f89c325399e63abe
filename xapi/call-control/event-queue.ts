/** Events between whoever makes them and whoever reads them, in order. */
export type EventQueue<Event> = {
  push(event: Event): void
  /** No more come; what is there is still read. */
  end(): void
  /** The reader gets this after what is there. */
  fail(error: unknown): void
  events(): AsyncGenerator<Event, void, undefined>
}

export function openEventQueue<Event>(): EventQueue<Event> {
  const waiting: Event[] = []
  let isOver = false
  let failure: { error: unknown } | null = null
  let wake: () => void = () => {}
  return {
    push(event) {
      if (isOver) return
      waiting.push(event)
      wake()
    },
    end() {
      isOver = true
      wake()
    },
    fail(error) {
      if (!isOver) failure = { error }
      isOver = true
      wake()
    },
    async *events() {
      for (;;) {
        while (waiting.length > 0) yield waiting.shift() as Event
        if (failure !== null) throw failure.error
        if (isOver) return
        await new Promise<void>((resolve) => (wake = resolve))
      }
    },
  }
}
