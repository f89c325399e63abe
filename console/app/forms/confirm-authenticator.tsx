import { useState, type FormEvent } from 'react'
import type { TotpEnrolment } from '../../../contract/sessions.ts'
import { useConfirm } from '../api/account.ts'
import { CopyButton } from '../components/copy-button.tsx'
import { errorText, fieldError } from '../texts/error-text.ts'
import { useTexts } from '../texts/texts.tsx'
import { Banner } from '../ui/banner.tsx'
import { Button } from '../ui/button.tsx'
import { TextField } from '../ui/field.tsx'
import { QrCode } from '../ui/qr-code.tsx'

/** The key for the authenticator app, and the code that proves that it is there. */
export function ConfirmAuthenticatorForm({
  enrolment: { secret, url },
  onCodes,
  onCancel,
}: {
  enrolment: TotpEnrolment
  onCodes: (codes: string[]) => void
  onCancel: () => void
}) {
  const t = useTexts()
  const confirm = useConfirm()
  const [code, setCode] = useState('')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (confirm.isPending) return
    confirm.mutate(code.replaceAll(/\s/g, ''), {
      onSuccess: ({ recovery_codes }) => onCodes(recovery_codes),
      onError: () => setCode(''),
    })
  }
  const isWrong = fieldError(confirm.error, 'code') !== null
  return (
    <form onSubmit={submit} className="form">
      <p>{t.authAddKey}</p>
      <QrCode text={url} label={t.authPicture} />
      <p className="secret">
        {/* In fours, to be typed; copied without the gaps. */}
        <code aria-label={t.authKey}>{secret.match(/.{1,4}/g)?.join(' ')}</code>
        <CopyButton text={secret} />
      </p>
      <p>
        <a href={url}>{t.openInApp}</a>
      </p>
      {confirm.error && !isWrong ? (
        <Banner kind="danger" urgent>
          {errorText(confirm.error, t)}
        </Banner>
      ) : null}
      <TextField
        label={t.code}
        hint={t.authCodeHint}
        value={code}
        onChange={(event) => setCode(event.target.value)}
        inputMode="numeric"
        autoComplete="one-time-code"
        error={isWrong ? t.authCodeWrong : null}
        autoFocus
        required
      />
      <div className="form-actions">
        <Button type="submit" kind="primary" busy={confirm.isPending}>
          {t.confirmCode}
        </Button>
        <Button kind="quiet" onClick={onCancel}>
          {t.cancel}
        </Button>
      </div>
    </form>
  )
}
