import { Navigate, useSearchParams } from 'react-router'
import { useSession } from '../api/session.ts'
import { Asked } from '../components/asked.tsx'
import { useTitle } from '../components/use-title.ts'
import { SignInForm } from '../forms/sign-in.tsx'
import { nextOf } from '../paths.ts'
import { useTexts } from '../texts/texts.tsx'

export function LoginPage() {
  const t = useTexts()
  const session = useSession()
  const [search] = useSearchParams()
  useTitle(t.signIn)
  return (
    <main className="page-narrow">
      <img src="/icon.svg" alt="" width="48" height="48" />
      <h1>{t.signInTo}</h1>
      <Asked query={session}>
        {(who) => (who?.user ? <Navigate to={nextOf(search)} replace /> : <SignInForm />)}
      </Asked>
    </main>
  )
}
