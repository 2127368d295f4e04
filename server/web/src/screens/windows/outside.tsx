import { Checkbox, TextInput } from '@mantine/core';
import { useState } from 'react';

import type { WindowHint } from '../../api/types';
import { some } from '../../format/number';
import { sentence } from '../../format/words';
import { At } from '../../parts/ago';
import classes from './windows.module.css';

interface OutsideProps {
  waits: WindowHint[];
  reason: string | null; // null: what is ordered waits
  onChange: (reason: string | null) => void;
  mayChoose: boolean;
}

// What an order would wait for, and the way around it: with a reason, and the server asks for a proof.
export function Outside({ waits, reason, onChange, mayChoose }: OutsideProps) {
  const [typed, setTyped] = useState('');
  if (waits.length === 0) return null;
  return (
    <section className={classes.outside} aria-label="Maintenance windows">
      <ul>
        {waits.map((wait) => (
          <li key={`${wait.window} ${wait.opens_at}`}>
            {wait.window && wait.opens_at ? (
              <>
                {`${some(wait.agents, 'machine waits', 'machines wait')} for ${wait.window}, which opens `}
                <At at={wait.opens_at} />
              </>
            ) : (
              sentence(`${some(wait.agents, 'machine has', 'machines have')} no window that opens again`)
            )}
          </li>
        ))}
      </ul>
      {mayChoose && (
        <Checkbox
          label="Now, outside of maintenance windows"
          checked={reason !== null}
          onChange={(event) => onChange(event.currentTarget.checked ? typed : null)}
        />
      )}
      {mayChoose && reason !== null && (
        <TextInput
          mt="xs"
          label="Why it cannot wait"
          description="Kept in the audit log, with your name"
          required
          maxLength={500}
          value={reason}
          onChange={(event) => {
            setTyped(event.currentTarget.value);
            onChange(event.currentTarget.value);
          }}
        />
      )}
    </section>
  );
}
