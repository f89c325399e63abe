import { useState } from 'react'
import type { TotpState } from '../../../contract/sessions.ts'
import { useAuthenticator, useEnrol } from '../api/account.ts'
import { Asked } from '../components/asked.tsx'
import { RecoveryCodes } from '../components/recovery-codes.tsx'
import { errorText } from '../texts/error-text.ts'
import { useTexts } from '../texts/texts.tsx'
import { useTimes } from '../texts/times.ts'
import { Banner } from '../ui/banner.tsx'
import { Button } from '../ui/button.tsx'
import { ConfirmAuthenticatorForm } from './confirm-authenticator.tsx'
import { TakeAwayForm } from './take-away.tsx'

/** Sets up the authenticator, shows its recovery codes once, and takes it away. */
export function AuthenticatorForm() {
  const [codes, setCodes] = useState<string[] | null>(null)
  const state = useAuthenticator()
  if (codes !== null) return <RecoveryCodes codes={codes} onKept={() => setCodes(null)} />
  return (
    <Asked query={state}>
      {(found) => (found.confirmed_at === null ? <Off onCodes={setCodes} /> : <On state={found} />)}
    </Asked>
  )
}

function Off({ onCodes }: { onCodes: (codes: string[]) => void }) {
  const t = useTexts()
  const enrol = useEnrol()
  if (enrol.data) {
    return (
      <ConfirmAuthenticatorForm enrolment={enrol.data} onCodes={onCodes} onCancel={() => enrol.reset()} />
    )
  }
  return (
    <>
      <p>{t.authOff}</p>
      {enrol.error ? (
        <Banner kind="danger" urgent>
          {errorText(enrol.error, t)}
        </Banner>
      ) : null}
      <div className="form-actions">
        <Button kind="primary" busy={enrol.isPending} onClick={() => enrol.mutate()}>
          {t.setUpAuthenticator}
        </Button>
      </div>
    </>
  )
}

const FEW = 2

function On({ state: { confirmed_at, recovery_codes_left } }: { state: TotpState }) {
  const t = useTexts()
  const times = useTimes()
  const [takesAway, setTakesAway] = useState(false)
  return (
    <>
      <p>{t.authOn(times.moment(confirmed_at ?? ''))}</p>
      {recovery_codes_left <= FEW ? (
        <Banner kind="warning">
          {t.codesLeft(recovery_codes_left)} {t.newCodes}
        </Banner>
      ) : (
        <p className="muted">
          {t.codesLeft(recovery_codes_left)} {t.newCodes}
        </p>
      )}
      {takesAway ? (
        <TakeAwayForm onCancel={() => setTakesAway(false)} />
      ) : (
        <div className="form-actions">
          <Button onClick={() => setTakesAway(true)}>{t.takeAway}</Button>
        </div>
      )}
    </>
  )
}
