import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

import { themeStyles } from './build/theme-styles';

// `npm run dev` speaks to a server or to `npm run mock`.
const backend = process.env.REDFLAG_SERVER ?? 'http://127.0.0.1:8765';

export default defineConfig({
  plugins: [react(), themeStyles()],
  build: {
    target: 'es2022',
    assetsInlineLimit: 0, // the page allows no data: URIs
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 700,
  },
  server: { proxy: { '/api': { target: backend, secure: false } } },
  test: {
    environment: 'jsdom',
    include: ['tests/unit/**/*.test.{ts,tsx}'],
    setupFiles: ['tests/unit/setup.ts'],
  },
});
