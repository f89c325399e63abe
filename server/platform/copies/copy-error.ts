/** Why a backup, a restore or a move was refused or given up, in words for the operator. */
export class CopyError extends Error {
  override readonly name = 'CopyError'
}
