import { CloseButton, Kbd, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useState } from 'react';

import classes from './filters.module.css';
import { IconSearch } from './icons';

interface SearchFieldProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
}

const typing_ms = 250;

// `/` focuses the first of them on a screen.
export function SearchField({ label, value, onChange }: SearchFieldProps) {
  const [typed, setTyped] = useState(value);
  const [seen, setSeen] = useState(value);
  const tell = useDebouncedCallback((text: string) => {
    setSeen(text);
    onChange(text);
  }, typing_ms);
  if (value !== seen) {
    // The address changed by other means: back, forward, a cleared filter.
    setSeen(value);
    setTyped(value);
  }
  const change = (text: string) => {
    setTyped(text);
    tell(text.trim());
  };
  return (
    <TextInput
      className={classes.search}
      data-filter
      type="search"
      aria-label={label}
      placeholder={label}
      value={typed}
      maxLength={200}
      onChange={(event) => change(event.currentTarget.value)}
      leftSection={<IconSearch size={16} aria-hidden />}
      rightSection={
        typed === '' ? (
          <Kbd size="xs" aria-hidden>
            /
          </Kbd>
        ) : (
          <CloseButton size="sm" aria-label="Clear the search" onClick={() => change('')} />
        )
      }
    />
  );
}
