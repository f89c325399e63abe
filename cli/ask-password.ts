import { CommandError } from './connection.ts'

const [ENTER, CTRL_C, CTRL_D, BACKSPACE, DELETE] = ['\r', '\u0003', '\u0004', '\b', '\u007f']

/** A password: typed twice without an echo at a terminal, else the first line of standard input. */
export async function askPassword(): Promise<string> {
  const { stdin } = process
  if (!stdin.isTTY) {
    let text = ''
    for await (const chunk of stdin) text += String(chunk)
    const [line = ''] = text.split(/\r?\n/)
    if (line === '') throw new CommandError('No password on standard input.')
    return line
  }
  const first = await askHidden('Password: ')
  if ((await askHidden('Once more: ')) !== first) throw new CommandError('These are two different passwords.')
  return first
}

async function askHidden(prompt: string): Promise<string> {
  const { stdin, stderr } = process
  stderr.write(prompt)
  stdin.setRawMode(true).setEncoding('utf8').resume()
  try {
    return await new Promise((resolve, reject) => {
      let typed = ''
      const onData = (text: string) => {
        for (const sign of text) {
          if (sign === CTRL_C || sign === CTRL_D) {
            stdin.off('data', onData)
            return reject(new CommandError('Nothing was changed.'))
          }
          if (sign === ENTER || sign === '\n') {
            stdin.off('data', onData)
            return resolve(typed)
          }
          typed = sign === BACKSPACE || sign === DELETE ? typed.slice(0, -1) : typed + sign
        }
      }
      stdin.on('data', onData)
    })
  } finally {
    stdin.setRawMode(false).pause()
    stderr.write('\n')
  }
}
