// Counts test cases from the events of node:test: leaves only, no suites, no files.

/** @typedef {{ name: string, file?: string, nesting: number, skip?: string | boolean, todo?: string | boolean,
 *   details?: { type?: string, error?: { failureType?: string } } }} Result */

/**
 * What happened, told event by event with `passed`, `failed` and `fileEnded`; `close` names the files that never
 * came to their end, because a test file that leaves half way would otherwise pass.
 */
export function openTally() {
  /** Nesting of the last result of each file: a result one level up right after it is its parent. */
  const lastNesting = new Map()
  const ended = new Set()
  const broken = new Set()
  const count = { passed: 0, failed: 0, skipped: 0 }
  /** @type {{ file: string, name: string, reason: string }[]} */
  const skipped = []

  /** @param {Result} result */
  const isParent = (result) => {
    const hasChildren = lastNesting.get(result.file) === result.nesting + 1
    lastNesting.set(result.file, result.nesting)
    return hasChildren
  }

  /** @param {Result} result */
  const skip = (result) => {
    count.skipped += 1
    const mark = result.skip || (result.todo === true ? 'still to do' : result.todo)
    skipped.push({
      file: result.file ?? '',
      name: result.name,
      reason: typeof mark === 'string' ? mark : 'no reason given',
    })
  }

  /** @param {Result} result */
  const passed = (result) => {
    if (result.name === result.file) return
    const isGroup = isParent(result) || result.details?.type === 'suite'
    if (result.skip || result.todo) skip(result)
    else if (!isGroup) count.passed += 1
  }

  /** @param {Result} result */
  const failed = (result) => {
    if (result.name === result.file) {
      broken.add(result.file)
      count.failed += 1
      return
    }
    isParent(result)
    if (result.todo) return skip(result)
    // A group whose children failed has been counted with them.
    if (result.details?.error?.failureType === 'subtestsFailed') return
    broken.add(result.file)
    count.failed += 1
  }

  /** @param {readonly string[]} files @returns {string[]} the files that ended before their tests did */
  const close = (files) => {
    const cutShort = files.filter((file) => !ended.has(file) && !broken.has(file))
    count.failed += cutShort.length
    return cutShort
  }

  return { passed, failed, fileEnded: (/** @type {string} */ file) => ended.add(file), close, count, skipped }
}
