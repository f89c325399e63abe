import { useState, type FormEvent } from 'react'
import { Link } from 'react-router'
import { ApiError } from '../api/client.ts'
import { useSetPassword } from '../api/session.ts'
import { useTitle } from '../components/use-title.ts'
import { paths } from '../paths.ts'
import { errorText, fieldError } from '../texts/error-text.ts'
import { useTexts } from '../texts/texts.tsx'
import { Banner } from '../ui/banner.tsx'
import { Button } from '../ui/button.tsx'
import { TextField } from '../ui/field.tsx'

const SHORTEST = 10

/** Where an invitation leads. Its token is in the fragment, which browsers send to nobody. */
export function SetPasswordPage() {
  const t = useTexts()
  const [token] = useState(() => decodeURIComponent(location.hash.slice(1)))
  const [password, setPassword] = useState('')
  const [again, setAgain] = useState('')
  const [problem, setProblem] = useState<string | null>(null)
  const setting = useSetPassword()
  useTitle(t.setPassword)

  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (setting.isPending) return
    const found =
      password.length < SHORTEST ? t.passwordTooShort : password === again ? null : t.passwordsDiffer
    setProblem(found)
    if (found === null) setting.mutate({ token, password })
  }
  const isRefused = setting.error instanceof ApiError && setting.error.code === 'credentials_refused'
  const inField = fieldError(setting.error, 'password')
  return (
    <main className="page-narrow">
      <img src="/icon.svg" alt="" width="48" height="48" />
      <h1>{t.setPassword}</h1>
      {token === '' ? (
        <Banner kind="warning">{t.noInvitation}</Banner>
      ) : setting.isSuccess ? (
        <>
          <Banner kind="good">{t.passwordSet}</Banner>
          <p>
            <Link className="button button-primary" to={paths.login()}>
              {t.signIn}
            </Link>
          </p>
        </>
      ) : (
        <form onSubmit={submit} className="form">
          {setting.error && !inField ? (
            <Banner kind="danger" urgent>
              {isRefused ? t.errors['invitation_refused'] : errorText(setting.error, t)}
            </Banner>
          ) : null}
          <TextField
            label={t.newPassword}
            hint={t.passwordHint}
            type="password"
            value={password}
            onChange={(event) => setPassword(event.target.value)}
            autoComplete="new-password"
            error={inField}
            autoFocus
            required
          />
          <TextField
            label={t.repeatPassword}
            type="password"
            value={again}
            onChange={(event) => setAgain(event.target.value)}
            autoComplete="new-password"
            error={problem}
            required
          />
          <div className="form-actions">
            <Button type="submit" kind="primary" busy={setting.isPending}>
              {t.setPassword}
            </Button>
          </div>
        </form>
      )}
    </main>
  )
}
