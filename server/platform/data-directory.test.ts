import assert from 'node:assert/strict'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { newDirectory } from '../../test/stores.ts'
import { holdDataDirectory } from './data-directory.ts'

test('a directory is made for us alone, held once, and free again after its release', async (t) => {
  const path = join(await newDirectory(t), 'deep', 'data')
  const held = await holdDataDirectory(path)
  assert.equal((await stat(path)).mode & 0o777, 0o700)
  await assert.rejects(
    holdDataDirectory(path),
    /Another hub is already running on the data directory .*CORDBOARD_DATA_DIR/,
  )
  await held.release()
  await (await holdDataDirectory(path)).release()
})
