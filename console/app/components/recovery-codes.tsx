import { useEffect, useRef } from 'react'
import { useTexts } from '../texts/texts.tsx'
import { Banner } from '../ui/banner.tsx'
import { Button } from '../ui/button.tsx'
import { CopyButton } from './copy-button.tsx'
import { useUnsaved } from './unsaved.ts'

/** Recovery codes, the one time they are told: no call opens over them, and the browser asks before it leaves them. */
export function RecoveryCodes({ codes, onKept }: { codes: string[]; onKept: () => void }) {
  const t = useTexts()
  const head = useRef<HTMLHeadingElement>(null)
  useEffect(() => head.current?.focus(), [])
  useUnsaved(true)
  return (
    <>
      <Banner kind="good">{t.authNowOn}</Banner>
      <h3 ref={head} tabIndex={-1}>
        {t.recoveryCodes}
      </h3>
      <p>{t.recoveryHint}</p>
      <ul className="recovery-codes">
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <div className="form-actions">
        <Button kind="primary" onClick={onKept}>
          {t.codesKept}
        </Button>
        <CopyButton text={codes.join('\n')} />
        <Button kind="quiet" onClick={() => window.print()}>
          {t.print}
        </Button>
      </div>
    </>
  )
}
