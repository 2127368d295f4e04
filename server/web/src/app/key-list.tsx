import { Kbd, Modal } from '@mantine/core';

import classes from './key-list.module.css';

const keys: [string[], string][] = [
  [['Ctrl', 'K'], 'Search agents and updates, go to a screen'],
  [['/'], 'Filter the list on the screen'],
  [['↓', 'j'], 'Next row'],
  [['↑', 'k'], 'Row before'],
  [['Enter'], 'Open the row'],
  [['x'], 'Select the row'],
  [['Esc'], 'Close what is open'],
  [['?'], 'This list'],
];

export default function KeyList({ onClose }: { onClose: () => void }) {
  return (
    <Modal opened onClose={onClose} title="Keys" closeButtonProps={{ 'aria-label': 'Close' }}>
      <dl className={classes.keys}>
        {keys.map(([pressed, text]) => (
          <div key={text} style={{ display: 'contents' }}>
            <dt>
              {pressed.map((key) => (
                <Kbd key={key} mr={4}>
                  {key}
                </Kbd>
              ))}
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
