/** What the search for Node needs to know of the running one; `from` is the file to resolve packages from. */
export type Here = { platform: string; arch: string; version: string; execPath: string; from: string }

export function findNode(here: Here): string | null
export function nodeHere(): string | null
export function whatIsMissing(here: Pick<Here, 'platform' | 'arch' | 'version'>): string
export function launch(script: string, args: string[]): void
