import { Button } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';

import { IconCheck, IconCopy } from '../../parts/icons';
import classes from './account.module.css';

// They are told this once: the server keeps only what recognises them.
export function RecoveryCodes({ codes, onDone }: { codes: string[]; onDone: () => void }) {
  const clipboard = useClipboard({ timeout: 2000 });
  return (
    <div className={classes.part} role="region" aria-label="Recovery codes">
      <p>
        <b>Keep these recovery codes in a safe place.</b> Each signs you in once when the app is out of reach. They are not
        shown again.
      </p>
      <ul className={classes.codes}>
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <div className={classes.buttons}>
        <Button
          variant="default"
          leftSection={clipboard.copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
          onClick={() => clipboard.copy(codes.join('\n'))}
        >
          {clipboard.copied ? 'Copied' : 'Copy them'}
        </Button>
        <Button onClick={onDone}>I have kept them</Button>
      </div>
    </div>
  );
}
