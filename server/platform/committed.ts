/** The value of a committed write and the position of its last change in the feed (null: it told the feed nothing). */
export type Committed<T> = { value: T; position: number | null }
