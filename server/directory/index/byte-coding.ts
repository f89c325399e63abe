const FIRST_BYTES = 256
const WORDS_END = 2 ** 28

/** Writes integers and texts one behind another into memory of its own, which it uses again after `begin`. */
export class ByteWriter {
  #bytes: Uint8Array = new Uint8Array(FIRST_BYTES)
  #length = 0

  begin(): void {
    this.#length = 0
  }

  /** What was written since `begin`, good until it is called again: the first `length` of these. */
  get bytes(): Uint8Array {
    return this.#bytes
  }

  get length(): number {
    return this.#length
  }

  byte(value: number): void {
    if (this.#length === this.#bytes.length) this.#reach(this.#length + 1)
    this.#bytes[this.#length++] = value
  }

  /** An integer that is not negative: seven bits a byte, the lowest first, the last byte below 128. */
  integer(value: number): void {
    let rest = value
    // Twenty-eight bits at once: a remainder of a number larger than a word costs ten times as much.
    while (rest >= WORDS_END) {
      const high = Math.floor(rest / WORDS_END)
      const low = rest - high * WORDS_END
      for (let shift = 0; shift < 28; shift += 7) this.byte(((low >>> shift) & 127) | 128)
      rest = high
    }
    while (rest >= 128) {
      this.byte((rest & 127) | 128)
      rest >>>= 7
    }
    this.byte(rest)
  }

  /** An integer of either sign, below 2^51, or null. */
  optional(value: number | null): void {
    this.integer(value === null ? 0 : value < 0 ? -2 * value : 2 * value + 1)
  }

  /** The bare code units, one byte each or, `wide`, two: a lone surrogate is a unit like any other. */
  units(text: string, wide: boolean): void {
    const { length } = text
    const end = this.#length + (wide ? 2 * length : length)
    if (end > this.#bytes.length) this.#reach(end)
    const bytes = this.#bytes
    let at = this.#length
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i)
      bytes[at++] = unit
      if (wide) bytes[at++] = unit >>> 8
    }
    this.#length = end
  }

  /** A text with its length and width, or null. */
  text(text: string | null): void {
    if (text === null) return this.byte(0)
    const wide = isWide(text)
    this.integer(1 + 2 * text.length + Number(wide))
    this.units(text, wide)
  }

  #reach(length: number): void {
    const bytes = new Uint8Array(2 * length)
    bytes.set(this.#bytes)
    this.#bytes = bytes
  }
}

/** Whether a text has a unit that does not fit a byte. */
export function isWide(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 255) return true
  return false
}

/** Reads what a `ByteWriter` wrote, in the same order. */
export class ByteReader {
  #bytes: Buffer = Buffer.alloc(0)
  #at = 0

  open(bytes: Buffer, at: number): void {
    this.#bytes = bytes
    this.#at = at
  }

  byte(): number {
    return this.#bytes[this.#at++]!
  }

  integer(): number {
    const first = this.byte()
    if (first < 128) return first
    let value = first & 127
    for (let scale = 128; ; scale *= 128) {
      const byte = this.byte()
      if (!(byte >= 128)) return value + byte * scale
      value += (byte & 127) * scale
    }
  }

  optional(): number | null {
    const value = this.integer()
    if (value === 0) return null
    return value % 2 === 0 ? -value / 2 : (value - 1) / 2
  }

  units(length: number, wide: boolean): string {
    const start = this.#at
    this.#at += wide ? 2 * length : length
    return wide
      ? this.#bytes.toString('utf16le', start, this.#at)
      : this.#bytes.toString('latin1', start, this.#at)
  }

  text(): string | null {
    const head = this.integer()
    if (head === 0) return null
    return this.units(Math.floor((head - 1) / 2), head % 2 === 0)
  }
}
