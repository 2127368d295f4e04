import type { ReactNode } from 'react';

import type { Tone, Word } from '../format/words';
import classes from './tag.module.css';

interface TagProps {
  tone: Tone;
  children: ReactNode;
  icon?: ReactNode;
  title?: string | undefined;
}

export function Tag({ tone, children, icon, title }: TagProps) {
  return (
    <span className={classes.tag} data-tone={tone} title={title}>
      {icon}
      <span className="clip">{children}</span>
    </span>
  );
}

export function WordTag({ word, title }: { word: Word; title?: string | undefined }) {
  return (
    <Tag tone={word.tone} title={title}>
      {word.text}
    </Tag>
  );
}

// A state as a dot; the word is for those who do not see it. Where the word stands beside it, the dot is decoration.
export function Dot({ word }: { word: Word }) {
  if (word.text === '') return <span className={classes.dot} data-tone={word.tone} aria-hidden />;
  return <span className={classes.dot} data-tone={word.tone} role="img" aria-label={word.text} title={word.text} />;
}
