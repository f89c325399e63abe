import { useEffect, useRef } from 'react'

const OFF = 'cordboard.keys-off'

/** Single keys get in the way of speech input and some hands: everybody may turn them off. */
export const singleKeysOn = () => localStorage.getItem(OFF) === null
export function turnSingleKeys(on: boolean): void {
  if (on) localStorage.removeItem(OFF)
  else localStorage.setItem(OFF, '1')
}

/** By the key as `KeyboardEvent.key` names it; `Ctrl+Enter` also means Cmd+Enter. */
export type Shortcuts = Readonly<Record<string, () => void>>

const TYPING = 'input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable]'

/** Keys that do something anywhere on the page; single ones only outside of text fields and windows. */
export function useShortcuts(shortcuts: Shortcuts): void {
  const latest = useRef(shortcuts)
  useEffect(() => {
    latest.current = shortcuts
  })
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing || event.altKey) return
      const target = event.target instanceof Element ? event.target : null
      const typing = target?.closest(TYPING)
      const isSave = event.key === 'Enter' && (event.ctrlKey || event.metaKey)
      if (event.key === 'Escape' && typing instanceof HTMLElement && !typing.closest('dialog')) {
        typing.blur()
        return
      }
      if (!isSave && (event.ctrlKey || event.metaKey || typing || !singleKeysOn())) return
      if (document.querySelector('dialog[open]')) return
      const act = latest.current[isSave ? 'Ctrl+Enter' : event.key]
      if (!act) return
      event.preventDefault()
      act()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [])
}
