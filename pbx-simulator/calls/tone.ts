const RATE = 8000
const SECONDS = 0.5
const LOUDNESS = 6000

/** A short tone as a WAV file: PCM, 16 bits, 8 kHz, one channel. The pitch tells recordings apart. */
export function toneWav(seed: number): Buffer {
  const samples = Math.round(RATE * SECONDS)
  const pitch = 300 + (seed % 40) * 15
  const wav = Buffer.alloc(44 + samples * 2)
  wav.write('RIFF', 0, 'ascii')
  wav.writeUInt32LE(36 + samples * 2, 4)
  wav.write('WAVEfmt ', 8, 'ascii')
  wav.writeUInt32LE(16, 16)
  wav.writeUInt16LE(1, 20)
  wav.writeUInt16LE(1, 22)
  wav.writeUInt32LE(RATE, 24)
  wav.writeUInt32LE(RATE * 2, 28)
  wav.writeUInt16LE(2, 32)
  wav.writeUInt16LE(16, 34)
  wav.write('data', 36, 'ascii')
  wav.writeUInt32LE(samples * 2, 40)
  for (let at = 0; at < samples; at += 1)
    wav.writeInt16LE(Math.round(LOUDNESS * Math.sin((2 * Math.PI * pitch * at) / RATE)), 44 + at * 2)
  return wav
}
