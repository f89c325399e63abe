import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type Certificate = { key: string; cert: string; fingerprint: string }

/** A self-signed certificate for 127.0.0.1; null where there is no openssl to make one. */
export function makeCertificate(): Certificate | null {
  const directory = mkdtempSync(join(tmpdir(), 'xapi-'))
  try {
    const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')]
    const names = ['-subj', '/CN=pbx.test', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '1']
    const files = ['-keyout', key, '-out', cert]
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...files, ...names], {
      stdio: 'ignore',
    })
    const text = readFileSync(cert, 'utf8')
    return {
      key: readFileSync(key, 'utf8'),
      cert: text,
      fingerprint: new X509Certificate(text).fingerprint256,
    }
  } catch {
    return null
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}
