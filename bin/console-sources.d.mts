export const SITE: string
export const STAMP: string
export function digestSources(root: string): string
export function isBuilt(root: string): boolean
