import { createTheme, type MantineColorsTuple } from '@mantine/core';

const ink: MantineColorsTuple = [
  '#eef1ff', '#dde3ff', '#b9c5fb', '#93a5f6', '#7389f1', '#5f76ee', '#536cee', '#405ad2', '#364fbc', '#2a41a2',
];
const gray: MantineColorsTuple = [
  '#f5f6f8', '#eef0f3', '#e3e6eb', '#d3d8df', '#bcc3cd', '#8b95a3', '#5b6675', '#434d5b', '#2d3643', '#1a222d',
];
const dark: MantineColorsTuple = [
  '#dce3ea', '#b6c0cc', '#94a1b1', '#7c8a9b', '#3a4654', '#2b3542', '#202935', '#171e27', '#10151c', '#0b0f14',
];

// Colours of states are tokens in tokens.css; this is what Mantine's own components are drawn with.
export const theme = createTheme({
  primaryColor: 'ink',
  primaryShade: { light: 7, dark: 7 },
  colors: { ink, gray, dark },
  black: '#1a222d',
  fontFamily:
    'ui-sans-serif, system-ui, -apple-system, "Segoe UI", "Inter", "Roboto", "Noto Sans", "Liberation Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Mono", "JetBrains Mono", "DejaVu Sans Mono", monospace',
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.125rem' },
  headings: {
    fontWeight: '620',
    sizes: { h1: { fontSize: '1.25rem' }, h2: { fontSize: '1rem' }, h3: { fontSize: '0.875rem' } },
  },
  defaultRadius: 'sm',
  radius: { sm: '0.375rem', md: '0.5rem' },
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    // Body scrolls nowhere (the shell's main area does), and locking it would need an inline <style>.
    Modal: {
      defaultProps: {
        lockScroll: false,
        centered: true,
        attributes: { header: { role: 'presentation' } }, // a <header> would be a second banner of the page
      },
    },
    Tooltip: { defaultProps: { openDelay: 300, withArrow: true } },
    TextInput: { defaultProps: { size: 'sm' } },
    Button: { defaultProps: { size: 'sm' } },
  },
});
