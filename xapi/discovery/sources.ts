/** Where a PBX keeps its description, best first. */
export const SOURCES = ['swagger.yaml', 'swagger.json', '$metadata'] as const
export type Source = (typeof SOURCES)[number]
