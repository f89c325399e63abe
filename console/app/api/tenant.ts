const CHOSEN = 'cordboard.tenant'

function readChosen(): number | null {
  const kept = sessionStorage.getItem(CHOSEN) ?? localStorage.getItem(CHOSEN)
  return kept !== null && /^[1-9]\d{0,14}$/.test(kept) ? Number(kept) : null
}

/** undefined until it is first asked for. */
let chosen: number | null | undefined
let acting: number | null = null

/**
 * The tenant that this window asks for; null for the one the session began in. A window stays where it is, whatever
 * others choose: what is typed in one tenant is never saved in another. A new window begins where the last one went.
 */
export const chosenTenant = (): number | null => (chosen ??= readChosen())

/** In which tenant the hub says that this window acts; null until it has said so. */
export const actingTenant = (): number | null => acting

export function keepActingTenant(id: number): void {
  acting = id
  chosen = id
  sessionStorage.setItem(CHOSEN, String(id))
}

/** From the next load of the page on: nothing read in one tenant is shown in another. */
export function chooseTenant(id: number): void {
  sessionStorage.setItem(CHOSEN, String(id))
  localStorage.setItem(CHOSEN, String(id))
}

/** At signing out, and where the user does not belong to the tenant any more. */
export function forgetTenant(): void {
  chosen = null
  sessionStorage.removeItem(CHOSEN)
  localStorage.removeItem(CHOSEN)
}
