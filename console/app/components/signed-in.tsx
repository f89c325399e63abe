import type { ReactNode } from 'react'
import { Navigate, useLocation } from 'react-router'
import { useSession, useSessionEnded } from '../api/session.ts'
import { SignInForm } from '../forms/sign-in.tsx'
import { paths } from '../paths.ts'
import { useTexts } from '../texts/texts.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Asked } from './asked.tsx'

/** Pages for whoever is signed in. When the session ends under them, the sign-in comes over the page and not in its place. */
export function SignedIn({ children }: { children: ReactNode }) {
  const t = useTexts()
  const session = useSession()
  const ended = useSessionEnded()
  const { pathname, search } = useLocation()
  return (
    <Asked query={session}>
      {(who) => {
        if (!who?.user) return <Navigate to={paths.login(pathname + search)} replace />
        return (
          <>
            {children}
            {ended ? (
              <Dialog title={t.sessionEnded}>
                <p>{t.sessionEndedHint}</p>
                <SignInForm knownEmail={who.user.email} />
              </Dialog>
            ) : null}
          </>
        )
      }}
    </Asked>
  )
}
