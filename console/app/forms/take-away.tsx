import { useState, type FormEvent } from 'react'
import { useTakeAway } from '../api/account.ts'
import { passwordError } from '../texts/error-text.ts'
import { useTexts } from '../texts/texts.tsx'
import { Banner } from '../ui/banner.tsx'
import { Button } from '../ui/button.tsx'
import { TextField } from '../ui/field.tsx'

/** Takes the authenticator away, with the password once more. */
export function TakeAwayForm({ onCancel }: { onCancel: () => void }) {
  const t = useTexts()
  const takeAway = useTakeAway()
  const [password, setPassword] = useState('')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (!takeAway.isPending) takeAway.mutate(password)
  }
  return (
    <form onSubmit={submit} className="form">
      <p>{t.takeAwayHint}</p>
      {takeAway.error ? (
        <Banner kind="danger" urgent>
          {passwordError(takeAway.error, t)}
        </Banner>
      ) : null}
      <TextField
        label={t.currentPassword}
        type="password"
        value={password}
        onChange={(event) => setPassword(event.target.value)}
        autoComplete="current-password"
        autoFocus
        required
      />
      <div className="form-actions">
        <Button type="submit" kind="primary" busy={takeAway.isPending}>
          {t.takeAway}
        </Button>
        <Button kind="quiet" onClick={onCancel}>
          {t.cancel}
        </Button>
      </div>
    </form>
  )
}
