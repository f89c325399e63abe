import { useSession } from '../api/session.ts'
import { LanguageChoice } from '../components/language-choice.tsx'
import { useTitle } from '../components/use-title.ts'
import { AuthenticatorForm } from '../forms/authenticator.tsx'
import { ChangePasswordForm } from '../forms/change-password.tsx'
import { useTexts } from '../texts/texts.tsx'
import { Panel } from '../ui/panel.tsx'

/** What somebody does with their own account. */
export function AccountPage() {
  const t = useTexts()
  const { data: session } = useSession()
  useTitle(t.accountTitle)
  return (
    <div className="account">
      <header>
        <h1>{t.accountTitle}</h1>
        <p className="muted">{session?.user?.email}</p>
      </header>
      <Panel title={t.language} className="only-narrow">
        <LanguageChoice />
      </Panel>
      <Panel title={t.authenticator}>
        <AuthenticatorForm />
      </Panel>
      <Panel title={t.changePassword}>
        <ChangePasswordForm email={session?.user?.email ?? ''} />
      </Panel>
    </div>
  )
}
