import { useMemo } from 'react'
import encodeQR from 'qr'

/** The quiet zone that ISO/IEC 18004 asks for, in modules. */
const BORDER = 4

/** A text as a picture for a camera: dark on light, whatever the colours of the page. */
export function QrCode({ text, label }: { text: string; label: string }) {
  const { size, dark } = useMemo(() => {
    const rows = encodeQR(text, 'raw', { border: BORDER })
    const modules = rows.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : [])))
    return { size: rows.length, dark: modules.join('') }
  }, [text])
  return (
    <svg
      className="qr-code"
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label={label}
      shapeRendering="crispEdges"
    >
      <rect width={size} height={size} fill="#fff" />
      <path d={dark} fill="#000" />
    </svg>
  )
}
