import { newKey } from '../api/new-key.ts'
const FRONT = 'cordboard.front-window'
const SEEN = 'cordboard.seen-calls'
const MOST_SEEN = 100

const here = newKey()

const takeFront = () => localStorage.setItem(FRONT, here)
window.addEventListener('focus', takeFront)
window.addEventListener('pointerdown', takeFront)
window.addEventListener('pagehide', () => {
  if (localStorage.getItem(FRONT) === here) localStorage.removeItem(FRONT)
})
if (document.hasFocus() || localStorage.getItem(FRONT) === null) takeFront()

/** Of several windows of the console, calls open in the one that was used last. */
export function isFrontWindow(): boolean {
  const front = localStorage.getItem(FRONT)
  return front === null || front === here
}

/** Whether this call has not opened in this browser before, also before a reload; then it has. */
export function isNewCall(call: number): boolean {
  const seen = JSON.parse(localStorage.getItem(SEEN) ?? '[]') as number[]
  if (seen.includes(call)) return false
  localStorage.setItem(SEEN, JSON.stringify([...seen, call].slice(-MOST_SEEN)))
  return true
}
