import type { DestinationStream } from 'pino'

/** `route` is the route's pattern: a URL may hold a caller's number or a token, and belongs in no log. */
export type AccessLine = {
  request_id: string
  method: string
  route: string
  status: number
  /** Milliseconds; written to the microsecond. */
  ms: number
  tenant: number | null
  token_id: number | null
}

/** Access lines on their way to the log. */
export type AccessLines = {
  add(line: AccessLine): void
  /** Hands what waits to the destination, so that other lines come after it. */
  handOver(): void
}

/** Some 250 bytes each: about as much as the log writes at once. */
const HANDED_OVER_AT = 256
const LONGEST_WAIT_MS = 1000
const THOUSANDTHS = Array.from({ length: 1000 }, (_, i) => `.${String(i).padStart(3, '0')}`)
const BELOW_ONE = THOUSANDTHS.map((text) => `0${text}`)

/**
 * One line per request is the most written thing of all, and a general logger spends more on it than the lookup takes:
 * what is as it was in the line before is kept as text, lines are put together only when they are handed over, and
 * they wait together for at most a second.
 */
export function openAccessLines(destination: DestinationStream): AccessLines {
  const middles = new Map<string, Map<string, Map<number, string>>>()
  /** Parts of lines, end to end. */
  let parts: string[] = []
  let lines = 0
  let timer: NodeJS.Timeout | null = null
  let clockAt = 0
  let head = ''
  let last: AccessLine | null = null
  let middle = ''
  let tail = ''

  const keepHead = () => {
    const now = Date.now()
    if (now === clockAt) return
    clockAt = now
    head = `{"level":"info","time":"${new Date(now).toISOString()}","request_id":"`
  }

  const middleOf = ({ method, route, status }: AccessLine): string => {
    let ofRoute = middles.get(route)
    if (!ofRoute) middles.set(route, (ofRoute = new Map()))
    let ofMethod = ofRoute.get(method)
    if (!ofMethod) ofRoute.set(method, (ofMethod = new Map()))
    let text = ofMethod.get(status)
    if (text === undefined) {
      text = `","method":${JSON.stringify(method)},"route":${JSON.stringify(route)},"status":${status},"ms":`
      ofMethod.set(status, text)
    }
    return text
  }

  const timeOf = (ms: number): string => {
    const microseconds = Math.round(ms * 1000)
    if (microseconds < 1000) return BELOW_ONE[microseconds]!
    const whole = Math.floor(microseconds / 1000)
    return whole + THOUSANDTHS[microseconds - whole * 1000]!
  }

  const handOver = () => {
    if (timer) clearTimeout(timer)
    timer = null
    if (lines === 0) return
    const text = parts.join('')
    parts = []
    lines = 0
    destination.write(text)
  }

  return {
    add(line) {
      keepHead()
      if (last?.route !== line.route || last.status !== line.status || last.method !== line.method)
        middle = middleOf(line)
      if (last?.tenant !== line.tenant || last.token_id !== line.token_id)
        tail = `,"tenant":${line.tenant},"token_id":${line.token_id},"msg":"request"}\n`
      last = line
      parts.push(head, line.request_id, middle, timeOf(line.ms), tail)
      if (++lines === HANDED_OVER_AT) handOver()
      else timer ??= setTimeout(handOver, LONGEST_WAIT_MS).unref()
    },
    handOver,
  }
}
