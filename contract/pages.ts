/**
 * Addresses of the console's pages: the hub serves the same document at each, the console shows what belongs there.
 * Links that the hub hands out point to them.
 */
export const PAGES = {
  home: '/',
  login: '/login',
  setPassword: '/set-password',
  /** The card of whoever `number`, or `call` at `host`, is. */
  pop: '/pop',
  /** The card of one party. */
  popOf: '/pop/:id',
  callbacks: '/callbacks',
  /** Where the calls of a PBX go. */
  inbound: '/inbound',
  /** One's own account: authenticator and password. */
  account: '/account',
} as const
