import { Banner } from '../ui/banner.tsx'
import { Button } from '../ui/button.tsx'
import { useTexts } from '../texts/texts.tsx'

/** In place of a page that threw. */
export function Faulted() {
  const t = useTexts()
  return (
    <main className="page-narrow">
      <h1>Cordboard</h1>
      <Banner kind="danger" urgent>
        {t.fault}
      </Banner>
      <p>
        <Button kind="primary" onClick={() => location.reload()}>
          {t.reload}
        </Button>
      </p>
    </main>
  )
}
