import { defineConfig } from 'vite';

export default defineConfig({
  root: 'ui',
  // Relative addresses, so that the page also works behind a proxy that puts it into a folder.
  base: './',
  publicDir: false,
  build: {
    outDir: '../dist/ui',
    emptyOutDir: true,
    target: 'es2023',
    // The content security policy allows no inline script and no data: address.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    reportCompressedSize: false,
    // What belongs to frameworks that render on servers.
    rolldownOptions: { checks: { moduleLevelDirective: false } },
  },
});
