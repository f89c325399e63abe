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

const HANDED_OVER_AT = 64 * 1024
const LONGEST_WAIT_MS = 1000
const THOUSANDTHS = Array.from({ length: 1000 }, (_, i) => String(i).padStart(3, '0'))

/**
 * One line per request is the most written thing of all, and a general logger spends more on it than the lookup takes:
 * the parts that repeat are kept as text, and lines wait together for at most a second.
 */
export function openAccessLines(destination: DestinationStream): AccessLines {
  const repeated = new Map<string, Map<string, Map<number, string>>>()
  let lines: string[] = []
  let size = 0
  let clockAt = 0
  let clockText = ''
  let timer: NodeJS.Timeout | null = null

  const timeText = (): string => {
    const now = Date.now()
    if (now !== clockAt) {
      clockAt = now
      clockText = new Date(now).toISOString()
    }
    return clockText
  }

  const middle = ({ method, route, status }: AccessLine): string => {
    let ofRoute = repeated.get(route)
    if (!ofRoute) repeated.set(route, (ofRoute = new Map()))
    let ofMethod = ofRoute.get(method)
    if (!ofMethod) ofRoute.set(method, (ofMethod = new Map()))
    let text = ofMethod.get(status)
    if (text === undefined) {
      text = `","method":${JSON.stringify(method)},"route":${JSON.stringify(route)},"status":${status},"ms":`
      ofMethod.set(status, text)
    }
    return text
  }

  const handOver = () => {
    if (timer) clearTimeout(timer)
    timer = null
    if (lines.length === 0) return
    const text = lines.join('')
    lines = []
    size = 0
    destination.write(text)
  }

  return {
    add(line) {
      const microseconds = Math.round(line.ms * 1000)
      const whole = Math.floor(microseconds / 1000)
      const time = `${whole}.${THOUSANDTHS[microseconds - whole * 1000]}`
      const text = `{"level":"info","time":"${timeText()}","request_id":"${line.request_id}${middle(line)}${time},"tenant":${line.tenant},"token_id":${line.token_id},"msg":"request"}\n`
      lines.push(text)
      size += text.length
      if (size >= HANDED_OVER_AT) handOver()
      else timer ??= setTimeout(handOver, LONGEST_WAIT_MS).unref()
    },
    handOver,
  }
}
