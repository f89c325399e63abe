import { useEffect } from 'react'

const unsaved = new Set<object>()

/** Whether something typed on this page would be lost by leaving it. */
export const hasUnsaved = () => unsaved.size > 0

/** Says that a form holds what is not saved: calls do not open over it, and the browser asks before it leaves. */
export function useUnsaved(dirty: boolean): void {
  useEffect(() => {
    if (!dirty) return
    const mark = {}
    unsaved.add(mark)
    return () => {
      unsaved.delete(mark)
    }
  }, [dirty])
}

window.addEventListener('beforeunload', (event) => {
  if (hasUnsaved()) event.preventDefault()
})
