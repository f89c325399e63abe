import { readFileSync } from 'node:fs'

/** Every variable the hub reads. Each may also be given as `<name>_FILE`: the path of a file that holds the value. */
export const ENV_NAMES = [
  'CORDBOARD_HOST',
  'CORDBOARD_PORT',
  'CORDBOARD_WORKERS',
  'CORDBOARD_DATA_DIR',
  'DATABASE_URL',
  'CORDBOARD_ADMIN_TOKEN',
  'CORDBOARD_SECRET_KEY',
  'CORDBOARD_SECRET_KEY_OLD',
  'CORDBOARD_COUNTRY',
  'CORDBOARD_TIME_ZONE',
  'CORDBOARD_PUBLIC_URL',
  'CORDBOARD_TLS_CERT',
  'CORDBOARD_TLS_KEY',
  'CORDBOARD_TRUSTED_PROXIES',
  'CORDBOARD_CDR_HOST',
  'CORDBOARD_CDR_PORT',
  'CORDBOARD_ALLOW_PRIVATE',
  'CORDBOARD_LOG_LEVEL',
  'CORDBOARD_RETENTION',
  'CORDBOARD_REPEAT_SECONDS',
  'CORDBOARD_METRICS_TOKEN',
] as const

export type EnvName = (typeof ENV_NAMES)[number]

/** What was given, unjudged: null where nothing was, and the reasons why something could not be read. */
export type Env = { values: Record<EnvName, string | null>; problems: string[] }

/** Reads the variables, from the environment or from the files it names. An empty value counts as not given. */
export function readEnv(source: Record<string, string | undefined>): Env {
  const problems: string[] = []
  const read = (name: EnvName): string | null => {
    const value = source[name]?.trim() || null
    const file = source[`${name}_FILE`]?.trim() || null
    if (file === null) return value
    if (value !== null) {
      problems.push(`${name} and ${name}_FILE are both set. Keep one of them.`)
      return null
    }
    try {
      const content = readFileSync(file, 'utf8').trim()
      if (content === '') problems.push(`${name}_FILE: the file ${file} is empty.`)
      return content || null
    } catch (error) {
      problems.push(
        `${name}_FILE: the file ${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'}).`,
      )
      return null
    }
  }
  const values = Object.fromEntries(ENV_NAMES.map((name) => [name, read(name)])) as Env['values']
  return { values, problems }
}
