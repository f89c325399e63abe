import { useSession } from '../api/session.ts'
import { useLanguage } from './texts.tsx'

/** The tenant's zone: every time of the console is shown and typed in it. */
export function useTimeZone(): string {
  const { data: session } = useSession()
  return session?.tenant.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone
}

/** Instants and days as people read them. */
export function useTimes() {
  const language = useLanguage()
  // English, say, as it is written where the reader is.
  const locale = navigator.languages.find((tag) => tag.toLowerCase().startsWith(language)) ?? language
  const timeZone = useTimeZone()
  const format = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(locale, { timeZone, ...options })
  return {
    /** With the year only when it is another one. */
    moment(iso: string): string {
      const year = (instant: Date) => format({ year: 'numeric' }).format(instant)
      const sameYear = year(new Date(iso)) === year(new Date())
      const date = sameYear
        ? ({ day: 'numeric', month: 'short' } as const)
        : ({ dateStyle: 'medium' } as const)
      return `${format(date).format(new Date(iso))}, ${format({ timeStyle: 'short' }).format(new Date(iso))}`
    },
    time: (iso: string) => format({ timeStyle: 'short' }).format(new Date(iso)),
    /** A calendar day, which belongs to no zone. */
    day: (date: string) =>
      new Intl.DateTimeFormat(locale, { timeZone: 'UTC', dateStyle: 'medium' }).format(
        new Date(`${date}T00:00Z`),
      ),
    duration(ms: number): string {
      const seconds = Math.round(ms / 1000)
      const [minutes, rest] = [Math.floor(seconds / 60), String(seconds % 60).padStart(2, '0')]
      return minutes < 60
        ? `${minutes}:${rest}`
        : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:${rest}`
    },
  }
}
