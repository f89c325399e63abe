const MASK = '***'
/** Any JWT is somebody's token. */
const JWT = /\beyJ[\w-]+\.[\w-]+\.[\w-]*/g
/** Tokens worth remembering: those that may still travel in an answer. */
const KEPT = 16

/** What must never be seen: the client's secret and its last tokens. */
export type Secrets = {
  add(secret: string): void
  /** The text with every secret in it masked, also URL-encoded or escaped as JSON. */
  redact(text: string): string
}

export function openSecrets(first: string): Secrets {
  let known = formsOf(first)
  const own = known.length
  return {
    add(secret) {
      known = [...known.slice(0, own), ...new Set([...known.slice(own), ...formsOf(secret)].slice(-3 * KEPT))]
    },
    redact: (text) =>
      known.reduce((masked, secret) => masked.replaceAll(secret, MASK), text).replaceAll(JWT, MASK),
  }
}

/** Longest first, so that no form leaves the rest of a longer one behind. */
function formsOf(secret: string): string[] {
  if (secret === '') return []
  const forms = [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), formEncoded(secret)]
  return [...new Set(forms)].sort((a, b) => b.length - a.length)
}

function formEncoded(secret: string): string {
  return new URLSearchParams({ s: secret }).toString().slice(2)
}
