import { pino, type DestinationStream, type Logger } from 'pino'
import { openAccessLines, type AccessLine, type AccessLines } from './access-lines.ts'
import { scrubFields, scrubText } from './log-masking.ts'

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** What goes beside the message. An error belongs under `error`; `number` is always masked. */
export type LogFields = Record<string, unknown>

/**
 * Writes one JSON line per event. Whatever is handed in is copied without secrets and phone numbers, at any depth.
 */
export type Log = {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  /** The line of one request. Every field is ours, so nothing has to be searched for secrets. */
  access(line: AccessLine): void
  /** Access lines that another thread has written out. */
  accessText(lines: string): void
  /** The same log with these fields on every line. */
  child(fields: LogFields): Log
  /** Resolves when every line so far has been handed to the operating system. */
  flush(): Promise<void>
  close(): Promise<void>
}

/** Lines wait for this many bytes, or for a second, so that an access line costs no system call of its own. */
const BUFFER_BYTES = 64 * 1024
const MOST_WRITTEN_AT_ONCE = 256 * 1024
const LONGEST_WAIT_MS = 1000
/** Lines that nobody reads are dropped beyond this, rather than filling the memory. */
const MOST_UNREAD_BYTES = 16 * 1024 * 1024

/**
 * Opens the log at a level, to standard output unless told otherwise. Lines of the last second survive
 * `process.exit` and an uncaught error, not `kill -9`.
 */
export function openLog(options: { level: LogLevel; destination?: DestinationStream }): Log {
  const destination = options.destination ?? openStandardOutput()
  const logger = pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  )
  return logOn(logger, openAccessLines(destination), destination)
}

function openStandardOutput(): DestinationStream {
  return pino.destination({
    dest: 1,
    sync: false,
    minLength: BUFFER_BYTES,
    maxWrite: MOST_WRITTEN_AT_ONCE,
    periodicFlush: LONGEST_WAIT_MS,
    maxLength: MOST_UNREAD_BYTES,
  })
}

function logOn(logger: Logger, accessLines: AccessLines, destination: DestinationStream): Log {
  const writer =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, fields?: LogFields): void => {
      if (!logger.isLevelEnabled(level)) return
      accessLines.handOver()
      logger[level](fields ? scrubFields(fields) : {}, scrubText(message))
    }
  const flush = (): Promise<void> => {
    accessLines.handOver()
    // The error is left alone: a terminal or a pipe cannot be synced, and a log that fails must not stop what follows.
    return new Promise((resolve) => logger.flush(() => resolve()))
  }
  return {
    debug: writer('debug'),
    info: writer('info'),
    warn: writer('warn'),
    error: writer('error'),
    access(line) {
      if (logger.isLevelEnabled('info')) accessLines.add(line)
    },
    accessText(lines) {
      if (logger.isLevelEnabled('info')) destination.write(lines)
    },
    child: (fields) => logOn(logger.child(scrubFields(fields)), accessLines, destination),
    flush,
    // Standard output stays open: what is logged after the close, while the process ends, is still written.
    close: flush,
  }
}
