import { useState } from 'react'
import { NavLink, Outlet, useNavigate } from 'react-router'
import { useCallbacks } from '../api/callbacks.ts'
import { useSession, useSignOut } from '../api/session.ts'
import { takenLink } from '../api/link.ts'
import { LinkedPage } from '../pages/linked.tsx'
import { paths } from '../paths.ts'
import { useTexts } from '../texts/texts.tsx'
import { Button } from '../ui/button.tsx'
import { useShortcuts } from '../ui/shortcuts.ts'
import { DueReminder } from './due-reminder.tsx'
import { KeysHelp } from './keys-help.tsx'
import { LanguageChoice } from './language-choice.tsx'
import { LiveCalls, useLive } from './live-calls.tsx'
import { SignedIn } from './signed-in.tsx'
import { TenantChoice } from './tenant-choice.tsx'

/** What is around every page of somebody signed in. Whoever came by a link has no account and sees the card alone. */
export function Frame() {
  const link = takenLink()
  if (link !== null) return <LinkedPage link={link} />
  return (
    <SignedIn>
      <Surrounded />
    </SignedIn>
  )
}

function Surrounded() {
  const t = useTexts()
  const navigate = useNavigate()
  const [showsKeys, setShowsKeys] = useState(false)
  useShortcuts({
    '?': () => setShowsKeys(true),
    b: () => void navigate(paths.callbacks()),
    '/': () => document.querySelector<HTMLInputElement>('#look-up')?.focus(),
  })
  return (
    <>
      <a className="skip" href="#content">
        {t.skip}
      </a>
      <Header onKeys={() => setShowsKeys(true)} />
      <main id="content" className="page" tabIndex={-1}>
        <LiveCalls>
          <DueReminder />
          <Outlet />
          <LiveState />
        </LiveCalls>
      </main>
      {showsKeys ? <KeysHelp onClose={() => setShowsKeys(false)} /> : null}
    </>
  )
}

const LOOK_AT_PBX = ['fleet:read', 'fleet:write', 'admin']

function Header({ onKeys }: { onKeys: () => void }) {
  const t = useTexts()
  const { data: session } = useSession()
  const { data: due } = useCallbacks('due', 1, 1)
  const signOut = useSignOut()
  const mayLookAtPbx = session?.scopes.some((scope) => LOOK_AT_PBX.includes(scope)) ?? false
  return (
    <header className="header">
      <NavLink to={paths.pop()} className="logo">
        <img src="/icon.svg" alt="" width="28" height="28" />
        <span>Cordboard</span>
      </NavLink>
      <nav aria-label={t.navigation}>
        <NavLink to={paths.pop()}>{t.navPop}</NavLink>
        <NavLink to={paths.callbacks()}>
          {t.navCallbacks}
          {due && due.total > 0 ? (
            <span className="count">
              <span aria-hidden="true">{due.total}</span>
              <span className="visually-hidden">{t.dueCallbacks(due.total)}</span>
            </span>
          ) : null}
        </NavLink>
        {mayLookAtPbx ? <NavLink to={paths.inbound()}>{t.navInbound}</NavLink> : null}
      </nav>
      <div className="header-end">
        <TenantChoice />
        <NavLink to={paths.account()} className="who" title={t.accountTitle}>
          <span aria-hidden="true" className="who-mark">
            {(session?.user?.name || session?.user?.email || '?').slice(0, 1).toUpperCase()}
          </span>
          <span className="who-name">{session?.user?.name || session?.user?.email}</span>
          <span className="visually-hidden">, {t.accountTitle}</span>
        </NavLink>
        <LanguageChoice className="language" />
        <Button kind="quiet" onClick={onKeys} className="only-wide">
          {t.keys}
        </Button>
        <Button kind="quiet" busy={signOut.isPending} onClick={() => signOut.mutate()}>
          {t.signOut}
        </Button>
      </div>
    </header>
  )
}

/** Whether calls will open here. */
function LiveState() {
  const t = useTexts()
  const { connection } = useLive()
  const { data: session } = useSession()
  const hasPhone = (session?.phones.length ?? 0) > 0
  const text = !hasPhone ? t.liveNone : connection === 'on' ? t.liveOn : t.liveOff
  return (
    <p className={`live live-${hasPhone ? connection : 'none'}`} role="status">
      {text}
    </p>
  )
}
