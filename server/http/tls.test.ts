import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { request } from 'node:https'
import { join } from 'node:path'
import { test } from 'node:test'
import { ADMIN_TOKEN, newHub } from '../../test/hub.ts'
import { newDirectory } from '../../test/stores.ts'

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'])
    return true
  } catch {
    return false
  }
}

const skip = hasOpenssl() ? false : 'no openssl to make a certificate with'

test(
  'with a certificate the hub speaks TLS, in the fast lane and out of it, with workers and without',
  { skip },
  async (t) => {
    const directory = await newDirectory(t)
    const [cert, key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')]
    const subject = ['-subj', '/CN=localhost', '-days', '1']
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, ...subject],
      {
        stdio: 'ignore',
      },
    )
    for (const workers of ['1', '2']) {
      const { hub } = await newHub(t, 'sqlite', {
        env: { CORDBOARD_TLS_CERT: cert, CORDBOARD_TLS_KEY: key, CORDBOARD_WORKERS: workers },
      })
      assert.match(hub.url, /^https:/)
      const headers = { authorization: `Bearer ${ADMIN_TOKEN}` }
      for (const [path, wanted] of [
        ['/api/isKnownPhoneNumber?number=1&format=raw', '0'],
        ['/health/live', '{"status":"live"}'],
      ] as const) {
        const body = await new Promise<string>((resolve, reject) => {
          const sent = request(
            hub.url + path,
            { headers, rejectUnauthorized: false, agent: false },
            (response) => {
              let text = ''
              response.on('data', (chunk) => (text += String(chunk)))
              response.on('end', () => resolve(text))
            },
          )
          sent.on('error', reject)
          sent.end()
        })
        assert.equal(body, wanted)
      }
    }
  },
)
