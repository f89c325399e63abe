import { useState } from 'react'
import { useTexts } from '../texts/texts.tsx'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { singleKeysOn, turnSingleKeys } from '../ui/shortcuts.ts'

/** What can be done by keyboard alone; docs/console.md lists the same. */
export function KeysHelp({ onClose }: { onClose: () => void }) {
  const t = useTexts()
  const [on, setOn] = useState(singleKeysOn)
  const keys: [string, string][] = [
    ['1 … 9', t.keyStatus],
    ['C', t.keyComment],
    ['Ctrl + Enter', t.keySave],
    ['N', t.keyNote],
    ['A', t.keyAttach],
    ['/', t.keyNumber],
    ['B', t.keyCallbacks],
    ['Esc', t.keyEscape],
    ['?', t.keyHelp],
  ]
  return (
    <Dialog title={t.keysTitle} onClose={onClose}>
      <p className="muted">{t.keysHint}</p>
      <dl className="keys">
        {keys.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <label className="check">
        <input
          type="checkbox"
          checked={on}
          onChange={({ target }) => {
            turnSingleKeys(target.checked)
            setOn(target.checked)
          }}
        />
        {t.keysOn}
      </label>
      <div className="form-actions">
        <Button kind="primary" onClick={onClose}>
          {t.close}
        </Button>
      </div>
    </Dialog>
  )
}
