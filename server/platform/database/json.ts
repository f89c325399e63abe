/** JSON lives in text columns on both engines; this is its only way in and out. */
export function toJson(value: unknown): string {
  return JSON.stringify(value)
}

/** What `toJson` wrote. The caller names the shape, which only this hub ever wrote. */
export function fromJson<T>(text: string): T {
  return JSON.parse(text) as T
}

/** Truth is stored as 0 or 1 on both engines. */
export type Flag = 0 | 1
export const toFlag = (value: boolean): Flag => (value ? 1 : 0)
