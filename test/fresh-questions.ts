import { request } from 'node:http'
import { ADMIN_TOKEN } from './hub.ts'

export type FreshAnswer = { status: number; text: string }

type Asked = { token?: string | null; from?: string; headers?: Record<string, string> }

/** Asks over a connection of its own, which any of the threads that listen may get. */
export function askFresh(
  url: string,
  path: string,
  { token = ADMIN_TOKEN, from, headers = {} }: Asked = {},
): Promise<FreshAnswer> {
  const { hostname, port } = new URL(url)
  const sent = { ...headers, ...(token === null ? {} : { authorization: `Bearer ${token}` }) }
  return new Promise((resolve, reject) => {
    const localAddress = from === undefined ? {} : { localAddress: from }
    const asking = request(
      { hostname, port, path, headers: sent, agent: false, ...localAddress },
      (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => (text += chunk))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
        response.on('error', reject)
      },
    )
    asking.on('error', reject)
    asking.end()
  })
}

/** The same question over so many fresh connections that every one of a few threads gets some; the different answers. */
export async function askEverywhere(url: string, path: string, asked: Asked = {}): Promise<string[]> {
  const answers = await Promise.all(Array.from({ length: 60 }, () => askFresh(url, path, asked)))
  return [...new Set(answers.map(({ status, text }) => `${status} ${text}`))]
}
