import { Button, CopyButton } from '@mantine/core';

import { IconCheck, IconCopy } from '../../parts/icons';
import classes from './enrolment.module.css';

// On stdin and never as an argument: arguments of a program can be read by every user of the machine.
export function lineToPaste(bundle: string): string {
  return `printf %s '${bundle}' | sudo redflag-agent enroll --bundle-stdin`;
}

// The line that enrols a machine, with a button that takes it; `text` says where it goes.
export function LineToPaste({ bundle, text }: { bundle: string; text: string }) {
  const line = lineToPaste(bundle);
  return (
    <div className={classes.paste}>
      <p>{text}</p>
      <div className={classes.line}>
        <code tabIndex={0} aria-label="Line to paste">
          {line}
        </code>
        <CopyButton value={line}>
          {({ copied, copy }) => (
            <Button
              variant={copied ? 'light' : 'filled'}
              leftSection={copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
              onClick={copy}
            >
              {copied ? 'Copied' : 'Copy'}
            </Button>
          )}
        </CopyButton>
      </div>
    </div>
  );
}
