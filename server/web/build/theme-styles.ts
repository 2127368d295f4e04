import { convertCssVariables, defaultCssVariablesResolver, mergeMantineTheme, DEFAULT_THEME } from '@mantine/core';
import type { Plugin } from 'vite';

import { theme } from '../src/app/theme';

const name = 'virtual:theme.css';

// Mantine writes its variables into a <style> element when the page starts. Ours are a file made at build time, so that
// the page needs no `unsafe-inline` for styles.
export function themeStyles(): Plugin {
  return {
    name: 'redflag-theme-styles',
    resolveId: (id) => (id === name ? `\0${name}` : undefined),
    load: (id) =>
      id === `\0${name}`
        ? convertCssVariables(defaultCssVariablesResolver(mergeMantineTheme(DEFAULT_THEME, theme)), ':root')
        : undefined,
  };
}
