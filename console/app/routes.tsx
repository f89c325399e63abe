import { createBrowserRouter, redirect } from 'react-router'
import { PAGES } from '../../contract/pages.ts'
import { Faulted } from './components/faulted.tsx'
import { Frame } from './components/frame.tsx'
import { AccountPage } from './pages/account.tsx'
import { CallbacksPage } from './pages/callbacks.tsx'
import { InboundPage } from './pages/inbound.tsx'
import { LoginPage } from './pages/login.tsx'
import { NotFoundPage } from './pages/not-found.tsx'
import { PopPage } from './pages/pop.tsx'
import { SetPasswordPage } from './pages/set-password.tsx'
import { paths } from './paths.ts'

/** The map: every page there is. Pages inside the frame need somebody signed in. */
export function newRouter() {
  return createBrowserRouter([
    { path: PAGES.login, Component: LoginPage, ErrorBoundary: Faulted },
    { path: PAGES.setPassword, Component: SetPasswordPage, ErrorBoundary: Faulted },
    {
      Component: Frame,
      ErrorBoundary: Faulted,
      children: [
        { path: PAGES.home, loader: () => redirect(paths.pop()) },
        { path: PAGES.pop, Component: PopPage },
        { path: PAGES.popOf, Component: PopPage },
        { path: PAGES.inbound, Component: InboundPage },
        { path: PAGES.account, Component: AccountPage },
        { path: PAGES.callbacks, Component: CallbacksPage },
        { path: '*', Component: NotFoundPage },
      ],
    },
  ])
}
