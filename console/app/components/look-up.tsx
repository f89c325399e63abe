import { useState, type FormEvent } from 'react'
import { useNavigate } from 'react-router'
import { paths } from '../paths.ts'
import { useTexts } from '../texts/texts.tsx'
import { Button } from '../ui/button.tsx'

/** Opens the card of a number that is typed in. */
export function LookUp({ compact = false }: { compact?: boolean }) {
  const t = useTexts()
  const navigate = useNavigate()
  const [number, setNumber] = useState('')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (number.trim() === '') return
    void navigate(paths.pop({ number: number.trim() }))
    setNumber('')
  }
  return (
    <form className={`look-up ${compact ? 'look-up-compact' : ''}`} role="search" onSubmit={submit}>
      <label htmlFor="look-up" className={compact ? 'visually-hidden' : undefined}>
        {t.numberLabel}
      </label>
      <input
        id="look-up"
        type="tel"
        autoComplete="off"
        placeholder={compact ? t.numberLabel : undefined}
        value={number}
        onChange={(event) => setNumber(event.target.value)}
      />
      <Button type="submit" kind={compact ? 'plain' : 'primary'}>
        {t.show}
      </Button>
    </form>
  )
}
