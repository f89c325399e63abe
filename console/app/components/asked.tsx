import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { errorText } from '../texts/error-text.ts'
import { useTexts } from '../texts/texts.tsx'
import { Banner } from '../ui/banner.tsx'
import { Button } from '../ui/button.tsx'

/** What a query answers, once it does; until then that it is on its way, or why it is not. What was there before stays. */
export function Asked<T>({
  query,
  children,
}: {
  query: UseQueryResult<T>
  children: (data: T) => ReactNode
}) {
  const t = useTexts()
  const { data, error, isPending, refetch } = query
  return (
    <>
      {error ? (
        <Banner kind="danger" urgent>
          <span>{errorText(error, t)}</span>
          <Button onClick={() => void refetch()}>{t.tryAgain}</Button>
        </Banner>
      ) : null}
      {isPending && !error ? (
        <p className="muted" role="status">
          {t.loading}
        </p>
      ) : null}
      {data === undefined ? null : children(data)}
    </>
  )
}
