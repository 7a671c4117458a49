import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'
import { LANGUAGE, t } from './src/lib/texts'

/** What the page says before any script runs, by the name that stands in its place. */
const WORDS: Record<string, string> = {
  language: LANGUAGE,
  product: t.product,
  noScript: t.noScript,
}

export default defineConfig({
  plugins: [
    svelte(),
    {
      name: 'words',
      transformIndexHtml: (html) =>
        html.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => WORDS[name] ?? ''),
    },
  ],
  build: {
    outDir: '../src/brookline/console/static',
    emptyOutDir: true,
    target: 'es2022',
    // Pictures inside of scripts would need a wider policy; no map is shipped.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
})
