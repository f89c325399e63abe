import { newKey } from '../api/new-key.ts'
import { useMutation } from '@tanstack/react-query'
import { useRef, useState, type FormEvent } from 'react'
import type { PopCard } from '../../../contract/pop.ts'
import { addLinkedNote } from '../api/link.ts'
import { addNote, useRenewCards } from '../api/pop.ts'
import { useUnsaved } from '../components/unsaved.ts'
import { errorText } from '../texts/error-text.ts'
import { useTexts } from '../texts/texts.tsx'
import { Banner } from '../ui/banner.tsx'
import { Button } from '../ui/button.tsx'
import { LongTextField } from '../ui/field.tsx'
import { useShortcuts } from '../ui/shortcuts.ts'

/** A note on the person, else on the company. */
export function NoteForm({ card, link }: { card: PopCard; link: string | null }) {
  const t = useTexts()
  const renew = useRenewCards()
  const [body, setBody] = useState('')
  const [key, setKey] = useState(() => newKey())
  const field = useRef<HTMLTextAreaElement>(null)
  const adding = useRef(false)
  useUnsaved(body.trim() !== '')
  useShortcuts({ n: () => field.current?.focus() })

  const { contact, customer } = card
  const about = contact
    ? ({ noteable_type: 'contact', noteable_id: contact.id } as const)
    : customer
      ? ({ noteable_type: 'customer', noteable_id: customer.id } as const)
      : null
  const add = useMutation({
    mutationFn: async (text: string) => {
      if (link !== null) return await addLinkedNote(link, text, key)
      if (about === null) throw new Error('a note needs somebody')
      return await addNote({ key, body: { ...about, body: text } })
    },
    onSuccess: async () => {
      setBody('')
      setKey(newKey())
      await renew()
    },
    onSettled: () => {
      adding.current = false
    },
  })
  const cannot = about === null ? t.noteNeedsSomebody : card.may.note ? null : t.mayNot
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (adding.current || cannot !== null || body.trim() === '') return
    adding.current = true
    add.mutate(body.trim())
  }
  return (
    <form className="form note-form" onSubmit={submit}>
      <LongTextField
        ref={field}
        label={t.newNote}
        rows={2}
        maxLength={10_000}
        value={body}
        onChange={(event) => {
          setBody(event.target.value)
          // Another text is another note, unless this one may have arrived.
          if (!add.isError) setKey(newKey())
        }}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
          event.preventDefault()
          event.currentTarget.form?.requestSubmit()
        }}
      />
      {add.error ? (
        <Banner kind="danger" urgent>
          {errorText(add.error, t)}
        </Banner>
      ) : null}
      <div className="form-actions">
        <Button type="submit" busy={add.isPending} disabledReason={cannot}>
          {t.addNote}
        </Button>
        {cannot ? <span className="muted">{cannot}</span> : null}
      </div>
    </form>
  )
}
