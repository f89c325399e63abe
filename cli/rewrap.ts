import { ConfigError, envToConfig, storeAddress } from '../server/platform/config.ts'
import { systemClock } from '../server/platform/clock.ts'
import { holdDataDirectory } from '../server/platform/data-directory.ts'
import { openStore } from '../server/platform/database/store.ts'
import { readEnv } from '../server/platform/env.ts'
import { HubError } from '../server/platform/errors.ts'
import { openKeyring, type KeyringTables } from '../server/platform/keyring.ts'
import { openLog } from '../server/platform/log.ts'
import { CommandError } from './connection.ts'

type Tables = KeyringTables & { tenants: { id: number; parent_id: number | null } }

/** What the operator can put right is told in its own words, without a trace. */
export async function rewrap(): Promise<void> {
  try {
    await rewrapStore()
  } catch (error) {
    if (error instanceof HubError || error instanceof ConfigError) throw new CommandError(error.message)
    throw error
  }
}

/** Wraps the data keys under a changed master key, on the store itself. With SQLite no hub may run meanwhile. */
async function rewrapStore(): Promise<void> {
  const { config, secrets } = envToConfig(readEnv(process.env))
  if (secrets.secretKeyOld === null) {
    throw new CommandError(
      'Set CORDBOARD_SECRET_KEY to the new key and CORDBOARD_SECRET_KEY_OLD to the one before.',
    )
  }
  const address = storeAddress(config, secrets)
  const held = address.kind === 'sqlite' ? await holdDataDirectory(config.dataDir) : null
  try {
    const store = await openStore<Tables>({ address })
    try {
      const operator = await store.read
        .selectFrom('tenants')
        .select('id')
        .where('parent_id', 'is', null)
        .executeTakeFirstOrThrow()
      const keyring = openKeyring({
        store,
        clock: systemClock,
        log: openLog({ level: 'silent' }),
        dataDirectory: config.dataDir,
        ...secrets,
      })
      const rewrapped = await keyring.rewrap(operator.id)
      process.stdout.write(
        rewrapped === 0
          ? 'Nothing to do: no keys are stored, or they are wrapped under CORDBOARD_SECRET_KEY already.\n'
          : `${rewrapped} data keys are wrapped under the new master key. CORDBOARD_SECRET_KEY_OLD is no longer needed.\n`,
      )
    } finally {
      await store.close()
    }
  } finally {
    await held?.release()
  }
}
