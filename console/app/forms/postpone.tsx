import { useState, type FormEvent } from 'react'
import { useTexts } from '../texts/texts.tsx'
import { useTimeZone } from '../texts/times.ts'
import { fromZoneTime, toZoneTime } from '../texts/zone-time.ts'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { DueField } from './due-field.tsx'

type Props = {
  who: string
  dueAt: string | null
  onClose: () => void
  /** ISO; null: at any time. */
  onPostpone: (instant: string | null) => void
}

export function PostponeForm({ who, dueAt, onClose, onPostpone }: Props) {
  const t = useTexts()
  const timeZone = useTimeZone()
  const [value, setValue] = useState(dueAt ? toZoneTime(Date.parse(dueAt), timeZone) : '')
  const [problem, setProblem] = useState<string | null>(null)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const instant = fromZoneTime(value, timeZone)
    if (instant !== null && instant < Date.now()) return setProblem(t.duePast)
    return onPostpone(instant === null ? null : new Date(instant).toISOString())
  }
  return (
    <Dialog title={t.postponeOf(who)} onClose={onClose}>
      <form className="form" onSubmit={submit} noValidate>
        <DueField label={t.postponeTo} value={value} onChange={setValue} error={problem} />
        <div className="form-actions">
          <Button type="submit" kind="primary">
            {t.postpone}
          </Button>
          <Button kind="quiet" onClick={onClose}>
            {t.cancel}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
