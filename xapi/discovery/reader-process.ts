import { buffer } from 'node:stream/consumers'
import { readDescription } from './read-description.ts'
import type { Source } from './sources.ts'

const source = process.argv[2] as Source

function read(bytes: Buffer): unknown {
  try {
    return { index: readDescription(bytes, source) }
  } catch (error) {
    const words = error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'it cannot be read'
    return { error: words.slice(0, 300) }
  }
}

process.stdout.end(JSON.stringify(read(await buffer(process.stdin))))
