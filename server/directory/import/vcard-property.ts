import { isUtf8 } from 'node:buffer'

/** One property of a card: `name` and `types` in upper case, the value decoded but not yet unescaped. */
export type CardProperty = { name: string; types: string[]; value: string }

type Head = { name: string; types: string[]; encoding: string; charset: string }

/** Where the value begins: behind the first colon outside quotes; -1 for a line that is no property. */
function colonOf(line: string): number {
  let quoted = false
  for (let i = 0; i < line.length; i++) {
    if (line[i] === '"') quoted = !quoted
    else if (line[i] === ':' && !quoted) return i
  }
  return -1
}

/** `item1.TEL;TYPE="cell,voice";CELL;ENCODING=QUOTED-PRINTABLE`, in all its dialects. */
function readHead(text: string): Head {
  const [first = '', ...params] = text.match(/(?:[^;"]|"[^"]*"?)+/g) ?? []
  const head: Head = {
    name: first
      .slice(first.lastIndexOf('.') + 1)
      .trim()
      .toUpperCase(),
    types: [],
    encoding: '',
    charset: '',
  }
  for (const param of params) {
    const [key = '', ...rest] = param.split('=')
    const name = key.trim().toUpperCase()
    const value = rest.join('=').replaceAll('"', '').trim().toUpperCase()
    // The oldest dialect names types and encodings without saying what they are.
    if (rest.length === 0) {
      if (name === 'QUOTED-PRINTABLE' || name === 'BASE64') head.encoding = name
      else head.types.push(name)
    } else if (name === 'TYPE') head.types.push(...value.split(',').map((type) => type.trim()))
    else if (name === 'PREF') head.types.push('PREF')
    else if (name === 'ENCODING') head.encoding = value
    else if (name === 'CHARSET') head.charset = value
  }
  return head
}

/** Bytes as text: in the charset that is named, else UTF-8, else what Windows wrote before. */
function decode(bytes: Buffer, charset: string): string {
  if (charset !== '' && charset !== 'UTF-8') {
    try {
      return new TextDecoder(charset).decode(bytes)
    } catch {
      // A charset nobody knows: judged by its bytes, like one that is not named.
    }
  }
  return isUtf8(bytes) ? bytes.toString('utf8') : new TextDecoder('windows-1252').decode(bytes)
}

const unquote = (text: string) =>
  text.replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))

/** The name of the property on a line, upper case, without looking further. */
export function propertyName(line: string): string {
  const found = /^(?:[\w-]+\.)?([\w-]+)/.exec(line)
  return (found?.[1] ?? '').toUpperCase()
}

/** Whether a line is one of quoted-printable text that goes on with the next. */
export function goesOn(line: string): boolean {
  return line.endsWith('=') && /^[^:]*QUOTED-PRINTABLE/i.test(line)
}

/** Reads an unfolded line, given as Latin-1 so that its bytes are its characters; null for what is no text. */
export function readProperty(line: string): CardProperty | null {
  const colon = colonOf(line)
  if (colon < 0) return null
  const { name, types, encoding, charset } = readHead(line.slice(0, colon))
  if (encoding === 'B' || encoding === 'BASE64') return null
  const written = line.slice(colon + 1)
  const value = encoding === 'QUOTED-PRINTABLE' ? unquote(written) : written
  return { name, types, value: decode(Buffer.from(value, 'latin1'), charset) }
}

/** The parts of a structured value, unescaped. */
export function partsOf(value: string, separator: ';' | ','): string[] {
  const parts = ['']
  for (let i = 0; i < value.length; i++) {
    const sign = value[i] ?? ''
    if (sign === separator) parts.push('')
    else if (sign === '\\' && i + 1 < value.length) {
      const next = value[++i] ?? ''
      parts[parts.length - 1] += next === 'n' || next === 'N' ? '\n' : next
    } else parts[parts.length - 1] += sign
  }
  return parts.map((part) => part.trim())
}

/** A value that is one text, unescaped. */
export function textOf(value: string): string {
  return value.replace(/\\(.)/g, (_, sign: string) => (sign === 'n' || sign === 'N' ? '\n' : sign)).trim()
}
