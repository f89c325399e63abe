import type { Import } from '../contract/imports.ts'

const WIDTH = 30

/** One line that says how far an import is, by bytes read; without a terminal a line for every tenth. */
let lastTenth = -1
export function drawBar(now: Import): void {
  const part = now.bytes_total === 0 ? 1 : Math.min(1, now.bytes_read / now.bytes_total)
  const text = `${Math.floor(part * 100)} %  ${now.rows_read.toLocaleString('en')} rows`
  if (process.stderr.isTTY) {
    const filled = Math.round(part * WIDTH)
    process.stderr.write(`\r[${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)}] ${text}  `)
    return
  }
  const tenth = Math.floor(part * 10)
  if (tenth === lastTenth) return
  lastTenth = tenth
  process.stderr.write(`${text}\n`)
}
