import type { Note } from '../../../contract/notes.ts'
import { useDeleteNote } from '../api/pop.ts'
import { useSession } from '../api/session.ts'
import { errorText } from '../texts/error-text.ts'
import { useTexts } from '../texts/texts.tsx'
import { useTimes } from '../texts/times.ts'
import { Banner } from '../ui/banner.tsx'
import { Button } from '../ui/button.tsx'

export function NoteList({ notes, link }: { notes: Note[]; link: string | null }) {
  const t = useTexts()
  const times = useTimes()
  const { data: session } = useSession()
  const remove = useDeleteNote()
  const mayDelete = (note: Note) =>
    link === null &&
    (session?.role !== 'agent' || (note.user_id !== null && note.user_id === session.user?.id))
  return (
    <>
      {remove.error ? <Banner kind="danger">{errorText(remove.error, t)}</Banner> : null}
      {notes.length === 0 ? <p className="muted">{t.noNotes}</p> : null}
      <ul className="rows">
        {notes.map((note) => (
          <li key={note.id}>
            <span className="row-main">
              {note.title ? <strong>{note.title}</strong> : null}
              {note.body ? <span className="written">{note.body}</span> : null}
              <span className="muted">{note.author}</span>
            </span>
            <span className="row-end">
              <time dateTime={note.created_at}>{times.moment(note.created_at)}</time>
              {mayDelete(note) ? (
                <Button
                  kind="quiet"
                  className="button-small"
                  aria-label={t.deleteNoteOf(times.moment(note.created_at))}
                  busy={remove.isPending && remove.variables === note.id}
                  onClick={() => remove.mutate(note.id)}
                >
                  {t.deleteNote}
                </Button>
              ) : null}
            </span>
          </li>
        ))}
      </ul>
    </>
  )
}
