import { useTexts } from '../texts/texts.tsx'
import { useTimeZone } from '../texts/times.ts'
import { tomorrowAt, toZoneTime } from '../texts/zone-time.ts'
import { Button } from '../ui/button.tsx'
import { TextField } from '../ui/field.tsx'

const MINUTE_MS = 60_000

type Props = { value: string; onChange: (value: string) => void; error: string | null; label?: string }

/** A date and a time in the tenant's zone, with the usual ones at hand. */
export function DueField({ value, onChange, error, label }: Props) {
  const t = useTexts()
  const timeZone = useTimeZone()
  const later = (minutes: number) => () => onChange(toZoneTime(Date.now() + minutes * MINUTE_MS, timeZone))
  return (
    <div className="due">
      <TextField
        type="datetime-local"
        label={label ?? t.dueAt}
        hint={`${t.dueAtZone(timeZone)} ${t.dueHint}`}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        error={error}
      />
      <div className="due-quick">
        <Button className="button-small" onClick={later(30)}>
          {t.inMinutes(30)}
        </Button>
        <Button className="button-small" onClick={later(120)}>
          {t.inHours(2)}
        </Button>
        <Button className="button-small" onClick={() => onChange(tomorrowAt(9, Date.now(), timeZone))}>
          {t.tomorrowMorning}
        </Button>
      </div>
    </div>
  )
}
