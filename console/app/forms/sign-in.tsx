import { useState, type FormEvent } from 'react'
import { ApiError } from '../api/client.ts'
import { useSignIn } from '../api/session.ts'
import { errorText } from '../texts/error-text.ts'
import { useTexts } from '../texts/texts.tsx'
import { Banner } from '../ui/banner.tsx'
import { Button } from '../ui/button.tsx'
import { TextField } from '../ui/field.tsx'

/** Password first; the code of the authenticator when the hub asks for one. */
export function SignInForm({ knownEmail, onDone }: { knownEmail?: string; onDone?: () => void }) {
  const t = useTexts()
  const signIn = useSignIn()
  const [email, setEmail] = useState(knownEmail ?? '')
  const [password, setPassword] = useState('')
  const [code, setCode] = useState('')
  const [asksCode, setAsksCode] = useState(false)

  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (signIn.isPending) return
    const credentials = asksCode ? { email, password, code: code.trim() } : { email, password }
    signIn.mutate(credentials, {
      onSuccess: () => onDone?.(),
      onError: (error) => {
        if (error instanceof ApiError && error.code === 'code_required') setAsksCode(true)
        setCode('')
      },
    })
  }
  const asking = signIn.error instanceof ApiError && signIn.error.code === 'code_required'
  const wrongCode =
    asksCode && signIn.error instanceof ApiError && signIn.error.code === 'credentials_refused'
  const failure = wrongCode
    ? t.errors['code_refused']
    : signIn.error && !asking
      ? errorText(signIn.error, t)
      : null
  return (
    <form onSubmit={submit} className="form">
      {failure ? (
        <Banner kind="danger" urgent>
          {failure}
        </Banner>
      ) : null}
      {asksCode ? (
        <TextField
          key="code"
          label={t.code}
          hint={t.codeHint}
          value={code}
          onChange={(event) => setCode(event.target.value)}
          autoComplete="one-time-code"
          autoFocus
          required
        />
      ) : (
        <>
          <TextField
            label={t.email}
            type="email"
            name="email"
            value={email}
            onChange={(event) => setEmail(event.target.value)}
            autoComplete="username"
            autoFocus={knownEmail === undefined}
            readOnly={knownEmail !== undefined}
            required
          />
          <TextField
            label={t.password}
            type="password"
            name="password"
            value={password}
            onChange={(event) => setPassword(event.target.value)}
            autoComplete="current-password"
            autoFocus={knownEmail !== undefined}
            required
          />
        </>
      )}
      <div className="form-actions">
        <Button type="submit" kind="primary" busy={signIn.isPending}>
          {t.signIn}
        </Button>
        {asksCode ? (
          <Button
            kind="quiet"
            onClick={() => {
              setAsksCode(false)
              signIn.reset()
            }}
          >
            {t.back}
          </Button>
        ) : null}
      </div>
    </form>
  )
}
