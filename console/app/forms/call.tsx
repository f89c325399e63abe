import { useState, type FormEvent } from 'react'
import type { ClickToCall } from '../../../contract/live.ts'
import type { Phone } from '../../../contract/users.ts'
import { ApiError } from '../api/client.ts'
import { keptPhone, phoneKey } from '../api/own-phone.ts'
import { errorText, fieldError } from '../texts/error-text.ts'
import { useTexts } from '../texts/texts.tsx'
import { Banner } from '../ui/banner.tsx'
import { Button } from '../ui/button.tsx'
import { TextField } from '../ui/field.tsx'

/** A call with everything to choose about it: the number, the phone that rings, and whether to call all the same. */
export function CallForm({
  number,
  isBarred,
  phones,
  busy,
  error,
  onCall,
  onCancel,
}: {
  number: string
  isBarred: boolean
  phones: readonly Phone[]
  busy: boolean
  error: Error | null
  onCall: (call: ClickToCall) => void
  onCancel: () => void
}) {
  const t = useTexts()
  const [dialled, setDialled] = useState(number)
  const [chosen, setChosen] = useState(keptPhone(phones) ?? phones[0])
  const [override, setOverride] = useState(false)
  const isRefused = error instanceof ApiError && error.code === 'do_not_call'
  const asksOverride = (isBarred && dialled === number) || isRefused
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!busy && chosen) onCall({ number: dialled.trim(), ...chosen, ...(override ? { override } : {}) })
  }
  const severalPbx = new Set(phones.map(({ host_id }) => host_id)).size > 1
  const inField = fieldError(error, 'number')
  return (
    <form onSubmit={submit} className="form">
      {error && inField === null ? (
        <Banner kind="danger" urgent>
          {errorText(error, t)}
        </Banner>
      ) : null}
      <TextField
        label={t.numberLabel}
        type="tel"
        value={dialled}
        onChange={({ target }) => {
          setDialled(target.value)
          setOverride(false)
        }}
        error={inField}
        maxLength={60}
        autoComplete="off"
        autoFocus
        required
      />
      <fieldset className="choices">
        <legend>{t.phoneThatRings}</legend>
        {phones.map((phone) => (
          <label key={phoneKey(phone)} className="check">
            <input
              type="radio"
              name="phone"
              checked={chosen !== undefined && phoneKey(chosen) === phoneKey(phone)}
              onChange={() => setChosen(phone)}
            />
            {severalPbx ? t.phoneAt(phone.extension, phone.host_id) : phone.extension}
          </label>
        ))}
      </fieldset>
      {asksOverride ? (
        <label className="check">
          <input type="checkbox" checked={override} onChange={({ target }) => setOverride(target.checked)} />
          {t.callAnyway}
        </label>
      ) : null}
      <div className="form-actions">
        <Button
          type="submit"
          kind="primary"
          busy={busy}
          disabledReason={asksOverride && !override ? t.doNotCall : null}
        >
          {t.callNow}
        </Button>
        <Button kind="quiet" onClick={onCancel}>
          {t.cancel}
        </Button>
      </div>
    </form>
  )
}
