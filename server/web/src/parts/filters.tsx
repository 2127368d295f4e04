import { Select } from '@mantine/core';
import type { ReactNode } from 'react';

import { some } from '../format/number';
import classes from './filters.module.css';

export function FilterBar({ children }: { children: ReactNode }) {
  return (
    <div className={classes.bar} role="search">
      {children}
    </div>
  );
}

interface ChoiceProps<Value extends string> {
  label: string;
  any: string;
  value: Value | undefined;
  options: readonly { value: Value; label: string }[];
  onChange: (value: Value | undefined) => void;
}

export function Choice<Value extends string>({ label, any, value, options, onChange }: ChoiceProps<Value>) {
  return (
    <Select
      className={classes.choice}
      aria-label={label}
      data={[{ value: '', label: any }, ...options]}
      value={value ?? ''}
      allowDeselect={false}
      comboboxProps={{ shadow: 'md' }}
      onChange={(next) => onChange(options.find((option) => option.value === next)?.value)}
    />
  );
}

// How much the filters leave; while older rows are still shown, it says nothing.
export function RowCount({ total, one, note = '' }: { total: number | undefined; one: string; note?: string }) {
  return (
    <span className={`${classes.count} number`} role="status">
      {total === undefined ? ' ' : total === 0 ? `No ${one}s` : `${some(total, one)}${note}`}
    </span>
  );
}

export function options<Key extends string>(words: Record<Key, { text: string } | string>, keys?: readonly Key[]) {
  return (keys ?? (Object.keys(words) as Key[])).map((value) => {
    const word: { text: string } | string = words[value];
    return { value, label: typeof word === 'string' ? word : word.text };
  });
}

