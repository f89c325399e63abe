// No plugin: Vite compiles JSX by itself. `npm run build` calls it; `npm run console` serves the sources beside a running hub.
import { defineConfig } from 'vite'

const HUB = process.env.CORDBOARD_URL ?? 'http://127.0.0.1:8377'

export default defineConfig({
  build: {
    target: 'es2023',
    // The policy of the pages takes no scripts or pictures that are written into the document.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '/api': HUB } },
})
