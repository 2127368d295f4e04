import { Button, MultiSelect, NumberInput } from '@mantine/core';

import type { Category, PolicyLine, Severity } from '../../api/types';
import { categories } from '../../format/words';
import { options } from '../../parts/filters';
import { daysOf, hoursOf } from './policy-words';
import classes from './rules.module.css';

interface PolicyLinesProps {
  lines: PolicyLine[];
  onChange: (lines: PolicyLine[]) => void;
}

const severities: Record<Severity, string> = {
  critical: 'Critical',
  high: 'High',
  medium: 'Medium',
  low: 'Low',
  unknown: 'Unrated',
};
const category_options = options<Category>(categories);
const severity_options = options<Severity>(severities);

// The first line that fits an update says how old it has to be.
export function PolicyLines({ lines, onChange }: PolicyLinesProps) {
  const set = (index: number, change: Partial<PolicyLine>) =>
    onChange(lines.map((line, each) => (each === index ? { ...line, ...change } : line)));
  return (
    <fieldset className={classes.lines}>
      <legend>Which updates, and after how long: the first line that fits counts</legend>
      {lines.map((line, index) => (
        <div key={index} className={classes.line}>
          <MultiSelect
            aria-label={`Categories of line ${index + 1}`}
            label="Categories"
            placeholder={line.categories?.length ? '' : 'Any'}
            data={category_options}
            value={line.categories ?? []}
            onChange={(chosen) => set(index, { categories: chosen as Category[] })}
          />
          <MultiSelect
            aria-label={`Severities of line ${index + 1}`}
            label="Severities"
            placeholder={line.severities?.length ? '' : 'Any'}
            data={severity_options}
            value={line.severities ?? []}
            onChange={(chosen) => set(index, { severities: chosen as Severity[] })}
          />
          <NumberInput
            aria-label={`Days of line ${index + 1}`}
            label="After days"
            min={0}
            max={366}
            decimalScale={2}
            value={daysOf(line.after_hours)}
            onChange={(days) => set(index, { after_hours: hoursOf(Number(days) || 0) })}
          />
          <Button
            variant="default"
            aria-label={`Remove line ${index + 1}`}
            disabled={lines.length === 1}
            onClick={() => onChange(lines.filter((_, each) => each !== index))}
          >
            Remove
          </Button>
        </div>
      ))}
      <span>
        <Button
          size="compact-xs"
          variant="default"
          onClick={() => onChange([...lines, { categories: [], severities: [], after_hours: 168 }])}
        >
          Add a line
        </Button>
      </span>
    </fieldset>
  );
}
