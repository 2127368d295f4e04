import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';

import { previewPolicy } from '../../api/actions';
import type { NewPolicy } from '../../api/types';
import { count, some } from '../../format/number';
import { Wrong } from '../../parts/door';
import classes from '../updates/approve-dialog.module.css';

interface PolicyPreviewProps {
  policy: NewPolicy;
  insteadOf: string | undefined;
}

// What it would approve now, before it is saved.
export function PolicyPreview({ policy, insteadOf }: PolicyPreviewProps) {
  const look = useMutation({
    mutationFn: () => previewPolicy({ ...policy, name: policy.name.trim() || 'preview' }, insteadOf),
  });
  const reach = look.data;
  return (
    <section aria-label="What it would approve now">
      <Button size="xs" variant="default" loading={look.isPending} onClick={() => look.mutate()}>
        What would it approve now?
      </Button>
      <Wrong error={look.error} />
      {reach && (
        <div className={classes.skips} role="status">
          <p>
            {reach.updates === 0
              ? 'It would approve nothing now.'
              : `It would approve ${some(reach.updates, 'update')} on ${some(reach.agents, 'machine')} now.`}
          </p>
          {reach.sample.length > 0 && (
            <ul tabIndex={0} aria-label="The first of them">
              {reach.sample.map((row) => (
                <li key={row.update_id} className="break">{`${row.hostname}: ${row.name} ${row.candidate_version}`}</li>
              ))}
              {reach.updates > reach.sample.length && <li>{`and ${count(reach.updates - reach.sample.length)} more`}</li>}
            </ul>
          )}
        </div>
      )}
    </section>
  );
}
