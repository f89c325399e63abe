import { Link } from 'react-router'
import { useTitle } from '../components/use-title.ts'
import { paths } from '../paths.ts'
import { useTexts } from '../texts/texts.tsx'

export function NotFoundPage() {
  const t = useTexts()
  useTitle(t.notFound)
  return (
    <>
      <h1>{t.notFound}</h1>
      <p>
        <Link to={paths.pop()}>{t.popTitle}</Link>
      </p>
    </>
  )
}
