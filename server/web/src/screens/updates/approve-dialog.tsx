import { Button, Modal, Skeleton, Stack } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useId, useState } from 'react';

import { count, some } from '../../format/number';
import { sayDone } from '../../parts/said';
import { Failure, ProblemCodes } from '../../parts/states';
import { Outside } from '../windows/outside';
import { approveAll, approvedText, previewAll, skipReasons, waitsOf, type Part, type Wanted } from './approval';
import classes from './approve-dialog.module.css';

interface ApproveDialogProps {
  wanted: Wanted[];
  onClose: () => void;
  onApproved: () => void;
}

const shown_hosts = 200;

// Says what an approval touches, what it leaves out and why, and what happens next, before anything does.
export function ApproveDialog({ wanted, onClose, onApproved }: ApproveDialogProps) {
  const id = useId();
  const preview = useQuery({
    queryKey: ['approval-preview', id],
    queryFn: () => previewAll(wanted),
    staleTime: Infinity,
    gcTime: 0,
  });
  return (
    <Modal opened onClose={onClose} title="Approve updates" size="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
      {preview.data ? (
        <Decision parts={preview.data} onClose={onClose} onApproved={onApproved} />
      ) : preview.isError ? (
        <Failure error={preview.error} retry={() => void preview.refetch()} />
      ) : (
        <Stack gap="sm" role="status" aria-label="Looking at what this touches">
          <Skeleton height={20} width="70%" />
          <Skeleton height={90} />
          <Skeleton height={34} width="40%" />
        </Stack>
      )}
    </Modal>
  );
}

interface DecisionProps {
  parts: Part[];
  onClose: () => void;
  onApproved: () => void;
}

function Decision({ parts: previewed, onClose, onApproved }: DecisionProps) {
  const [parts, setParts] = useState(previewed);
  const [outside, setOutside] = useState<string | null>(null);
  const queries = useQueryClient();
  const rows = parts.reduce((sum, part) => sum + part.preview.approved, 0);
  const done = parts.filter((part) => part.done !== null).length;
  const order = useMutation({
    mutationFn: () =>
      approveAll(parts, outside === null ? null : outside.trim(), (part) =>
        setParts((known) => known.map((each) => (each.intention === part.intention ? part : each))),
      ),
    onSuccess: (approvals) => {
      sayDone(approvedText(parts, approvals));
      onApproved();
      onClose();
    },
    onSettled: () => {
      for (const key of ['updates', 'update-groups', 'commands', 'overview']) {
        void queries.invalidateQueries({ queryKey: [key] });
      }
    },
  });
  const only = parts.length === 1 ? parts[0] : undefined;

  return (
    <>
      <p className={classes.total}>
        {rows === 0 ? (
          'None of these can be approved.'
        ) : (
          <>
            Approves <b>{some(rows, 'update')}</b>
            {only && (
              <>
                {' '}
                on <b>{some(only.preview.agents, 'machine')}</b>
              </>
            )}
            .
          </>
        )}
      </p>
      {parts.length > 1 && (
        <ul className={classes.list} aria-label="What is approved">
          {parts.map((part) => (
            <li key={part.intention}>
              <span className="break">{part.label}</span>
              <span>{part.done ? 'approved' : some(part.preview.approved, 'machine')}</span>
            </li>
          ))}
        </ul>
      )}
      <Skipped parts={parts} />
      {rows > 0 && (
        <p className={classes.next}>
          Each machine first makes a plan and changes nothing. If its plan holds only what is approved here, it installs; if
          it holds more, it waits until somebody confirms.
        </p>
      )}
      {rows > 0 && (
        <Outside waits={waitsOf(parts.map((part) => part.preview))} reason={outside} onChange={setOutside} mayChoose />
      )}
      {order.isError && (
        <div className={classes.wrong} role="alert">
          {done > 0 && `${done} of ${parts.length} are approved. `}
          {order.error.message}
          <ProblemCodes error={order.error} />
        </div>
      )}
      <div className={classes.foot}>
        <Button variant="default" onClick={onClose}>
          {rows === 0 ? 'Close' : 'Cancel'}
        </Button>
        {rows > 0 && (
          <Button onClick={() => order.mutate()} loading={order.isPending} disabled={outside !== null && outside.trim() === ''} data-autofocus>
            {order.isError ? 'Try again' : `Approve ${some(rows, 'update')}`}
          </Button>
        )}
      </div>
    </>
  );
}

function Skipped({ parts }: { parts: Part[] }) {
  const reasons = skipReasons(parts.map((part) => part.preview));
  if (reasons.length === 0) return null;
  const total = reasons.reduce((sum, reason) => sum + reason.rows.length, 0);
  return (
    <section className={classes.skips}>
      <h3>{`${count(total)} left out`}</h3>
      {reasons.map(({ text, rows }) => (
        <details key={text}>
          <summary>
            <b>{count(rows.length)}</b> {text}
          </summary>
          <ul>
            {rows.slice(0, shown_hosts).map((row) => (
              <li key={row.update_id} className="break">{`${row.hostname}: ${row.name}`}</li>
            ))}
            {rows.length > shown_hosts && <li>{`and ${count(rows.length - shown_hosts)} more`}</li>}
          </ul>
        </details>
      ))}
    </section>
  );
}
