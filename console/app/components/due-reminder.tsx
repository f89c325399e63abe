import { useEffect, useRef, useState } from 'react'
import { Link, useLocation } from 'react-router'
import { useCallbacks } from '../api/callbacks.ts'
import { PAGES } from '../../../contract/pages.ts'
import { paths } from '../paths.ts'
import { useTexts } from '../texts/texts.tsx'
import { Banner } from '../ui/banner.tsx'
import { Button } from '../ui/button.tsx'

/** Says that callbacks are due, whenever there are more than were there when it was last put aside. */
export function DueReminder() {
  const t = useTexts()
  const { pathname } = useLocation()
  const { data } = useCallbacks('due', 1, 1)
  const [putAside, setPutAside] = useState(0)
  const total = data?.total ?? 0
  const before = useRef(0)
  useEffect(() => {
    // What is done gives way to what becomes due next.
    if (total < before.current) setPutAside((count) => Math.min(count, total))
    before.current = total
  }, [total])
  if (total <= putAside || pathname === PAGES.callbacks) return null
  return (
    <Banner kind="warning">
      <span>{t.dueCallbacks(total)}</span>
      <span className="banner-actions">
        <Link className="button button-plain" to={paths.callbacks()}>
          {t.callbacks}
        </Link>
        <Button kind="quiet" onClick={() => setPutAside(total)}>
          {t.dismiss}
        </Button>
      </span>
    </Banner>
  )
}
