import { useState, type FormEvent } from 'react'
import { useChangePassword } from '../api/account.ts'
import { fieldError, passwordError } from '../texts/error-text.ts'
import { useTexts } from '../texts/texts.tsx'
import { Banner } from '../ui/banner.tsx'
import { Button } from '../ui/button.tsx'
import { TextField } from '../ui/field.tsx'

const SHORTEST = 10
const EMPTY = { current: '', password: '', again: '' }

/** Changes the own password; the other sessions end. */
export function ChangePasswordForm({ email }: { email: string }) {
  const t = useTexts()
  const changing = useChangePassword()
  const [given, setGiven] = useState(EMPTY)
  const [problem, setProblem] = useState<'short' | 'differ' | null>(null)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (changing.isPending) return
    const { current, password, again } = given
    const found = password.length < SHORTEST ? 'short' : password === again ? null : 'differ'
    setProblem(found)
    if (found === null) changing.mutate({ current, password }, { onSuccess: () => setGiven(EMPTY) })
  }
  const field = (name: keyof typeof EMPTY) => ({
    type: 'password',
    value: given[name],
    onChange: ({ target }: { target: { value: string } }) => setGiven({ ...given, [name]: target.value }),
    required: true,
  })
  const inField = problem === 'short' ? t.passwordTooShort : fieldError(changing.error, 'password')
  return (
    <form onSubmit={submit} className="form">
      {changing.error && inField === null ? (
        <Banner kind="danger" urgent>
          {passwordError(changing.error, t)}
        </Banner>
      ) : null}
      {changing.data ? (
        <Banner kind="good">{t.passwordChanged(changing.data.revoked_sessions)}</Banner>
      ) : null}
      {/* So that a password manager knows whose it is. */}
      <input type="text" autoComplete="username" value={email} readOnly hidden />
      <TextField label={t.currentPassword} autoComplete="current-password" {...field('current')} />
      <TextField
        label={t.newPassword}
        hint={t.passwordHint}
        autoComplete="new-password"
        error={inField}
        {...field('password')}
      />
      <TextField
        label={t.repeatPassword}
        autoComplete="new-password"
        error={problem === 'differ' ? t.passwordsDiffer : null}
        {...field('again')}
      />
      <div className="form-actions">
        <Button type="submit" kind="primary" busy={changing.isPending}>
          {t.changePassword}
        </Button>
      </div>
    </form>
  )
}
