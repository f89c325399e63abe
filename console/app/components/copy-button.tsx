import { useState } from 'react'
import { useTexts } from '../texts/texts.tsx'
import { Button } from '../ui/button.tsx'

/** Copies a text. Browsers let only pages of https do that, or of this very machine: elsewhere there is no button. */
export function CopyButton({ text }: { text: string }) {
  const t = useTexts()
  const [copied, setCopied] = useState(false)
  if (!('clipboard' in navigator)) return null
  const copy = () =>
    void navigator.clipboard.writeText(text).then(
      () => setCopied(true),
      () => setCopied(false),
    )
  return (
    <>
      <Button kind="quiet" onClick={copy}>
        {t.copy}
      </Button>
      <span role="status" className="saved">
        {copied ? t.copied : ''}
      </span>
    </>
  )
}
