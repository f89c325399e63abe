import type { Import } from '../contract/imports.ts'

const WIDTH = 30

let lastTenth = -1
/** One line that says how far something is (`part` of 1); without a terminal a line for every tenth. */
export function drawProgress(part: number, words: string): void {
  const text = `${Math.floor(part * 100)} %  ${words}`
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

/** How far an import is, by bytes read. */
export function drawBar(now: Import): void {
  const part = now.bytes_total === 0 ? 1 : Math.min(1, now.bytes_read / now.bytes_total)
  drawProgress(part, `${now.rows_read.toLocaleString('en')} rows`)
}

/** How far a copy is, by rows; the next one begins on a line of its own. */
export function drawRows(done: number, total: number, words = 'rows'): void {
  drawProgress(total === 0 ? 1 : Math.min(1, done / total), `${done.toLocaleString('en')} ${words}`)
  if (done >= total && process.stderr.isTTY) process.stderr.write('\n')
}
