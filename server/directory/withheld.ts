/** Words that say "no number", accents and case off. Phone systems, trunks and handsets of several languages. */
const HIDDEN = new Set(
  `
  anonymous anonyme anonym anonimo anonim asterisk blocked hidden none null private prive privat
  privato privado restricted suppressed undefined unavailable unknown withheld inconnu inconnue masque
  masquee cache indisponible secret unbekannt unterdruckt sconosciuto nascosto desconocido
  desconhecido oculto necunoscut ascuns ismeretlen rejtett
`
    .trim()
    .split(/\s+/),
)

/** Words that may stand beside them without saying anything. */
const BESIDE = new Set(
  `
  caller callerid id cid call calls name number user party the is appel appelant correspondant numero
  nom anruf anrufer nummer rufnummer chiamata llamada chamada numar apel hivas szam
`
    .trim()
    .split(/\s+/),
)

/** `[Number]`, `%CallerID%`, `{{number}}`, `{number}`, `${CALLERID(num)}`, `$number`: a template nobody filled. */
const UNFILLED =
  /^(?:\[\s*[\p{L}_][^[\]]*\]|%[\p{L}_][\w.]*%|\{\{?\s*[\p{L}_][^{}]*\}\}?|\$\{[^{}]*\}|\$[a-z_]\w*)$/iu

/** The host of a From header whose owner asked for privacy (RFC 3323). */
const PRIVATE_HOST = /@anonymous\.invalid\b/i

/**
 * Whether a caller ID says that there is none: empty, zeros or punctuation only, a word for "withheld" in any case,
 * an anonymous SIP address, Asterisk's `prohib…` presentations, or a template variable that arrived unfilled.
 */
export function isWithheld(text: string): boolean {
  if (!/[\p{L}\p{N}]/u.test(text.replaceAll('0', ''))) return true
  if (UNFILLED.test(text) || PRIVATE_HOST.test(text)) return true
  if (/\p{N}/u.test(text)) return false
  const words = text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .split(/[^\p{L}]+/u)
    .filter((word) => word !== '')
  if (words.join('') === 'na' || words.join('') === 'notavailable') return true
  if (words.some((word) => word.startsWith('prohib'))) return true
  return words.some((word) => HIDDEN.has(word)) && words.every((word) => HIDDEN.has(word) || BESIDE.has(word))
}
