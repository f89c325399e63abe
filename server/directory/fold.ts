/** Letters that no decomposition takes apart, in their everyday spelling. */
const LETTERS: Record<string, string> = {
  ß: 'ss',
  œ: 'oe',
  æ: 'ae',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ħ: 'h',
  ŧ: 't',
  ı: 'i',
  ĸ: 'k',
  ŋ: 'n',
  ς: 'σ',
}
const UNDECOMPOSED = new RegExp(`[${Object.keys(LETTERS).join('')}]`, 'gu')
const PLAIN = /^[!-~]+(?: [!-~]+)*$/

/**
 * Text as names are searched and sorted, the same on both engines: compatibility forms and accents taken
 * apart, marks off, lower case, ß → ss, œ → oe, ł → l, white space single. Never compare it with text that
 * was not folded.
 */
export function fold(text: string): string {
  if (PLAIN.test(text)) return text.toLowerCase()
  const bare = text.normalize('NFKD').replace(/\p{M}+/gu, '')
  if (PLAIN.test(bare)) return bare.toLowerCase()
  return text
    .normalize('NFKD')
    .toLowerCase()
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(UNDECOMPOSED, (letter) => LETTERS[letter] ?? letter)
    .replace(/\s+/g, ' ')
    .trim()
}

/** An account number as accounts are compared: compatibility forms made plain, trimmed, case off. */
export function accountKey(text: string): string {
  return text.normalize('NFKC').trim().toLowerCase()
}
